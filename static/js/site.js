// Everything works without this file. It lets htmx in under Trusted Types, shows tips where the browser
// does not yet do so by itself, and says when a request did not go through.
"use strict";

// The policy forbids writing text as HTML but through the policy named "htmx". What htmx swaps in comes from
// this site alone (its mode is same-origin), where the server escapes it.
if (window.trustedTypes && window.htmx) {
  const policy = trustedTypes.createPolicy("htmx", { createHTML: text => text });
  htmx.registerExtension("trusted-types", { init: api => api.initSecurity(policy) });
}

// Tips: browsers without interest invokers get hover and focus here; Escape and clicking elsewhere are native.
if (!("interestForElement" in HTMLButtonElement.prototype)) {
  let timer, open;
  const invoker = element => element?.closest?.("[interestfor]");
  const tipOf = element => invoker(element) && document.getElementById(invoker(element).getAttribute("interestfor"));
  const hide = () => { if (open?.matches(":popover-open")) open.hidePopover(); open = null; };
  const show = element => {
    const tip = tipOf(element);
    if (!tip || tip === open) return;
    tip.showPopover({ source: invoker(element) });
    open = tip;
  };
  const later = (act, milliseconds) => { clearTimeout(timer); timer = setTimeout(act, milliseconds); };
  addEventListener("pointerover", event => {
    if (event.pointerType !== "mouse") return;
    if (open?.contains(event.target)) return clearTimeout(timer);   // the pointer may rest on the tip itself
    tipOf(event.target) ? later(() => show(event.target), 250) : later(hide, 300);
  });
  addEventListener("focusin", event => {
    if (tipOf(event.target) && event.target.matches(":focus-visible")) show(event.target);
    else if (!open?.contains(event.target)) hide();
  });
}

// One voice for what did not work: the status line, which screen readers read out and everybody sees.
// While a window is open nobody sees what is behind it, so it has a line of its own.
const say = text => { const live = document.querySelector("dialog[open] [role=status]") ?? document.getElementById("live"); live.textContent = text; live.classList.remove("vh"); };
addEventListener("htmx:error", () => say(document.getElementById("live").dataset.failed));
addEventListener("htmx:response:error", event => {
  if (event.detail.ctx.response.status >= 500) say(document.getElementById("live").dataset.failed);   // others bring their own words
});

// What a page asks for again and again rests while nobody looks, and what goes wrong with it is no news to anybody.
// The bell rests while its panel is open: the panel hangs on it.
const resting = () => document.hidden || document.querySelector("#bell:popover-open");
addEventListener("every", event => { if (resting()) event.stopImmediatePropagation(); }, true);
for (const name of ["htmx:error", "htmx:response:error"]) {
  addEventListener(name, event => { if (event.target.matches?.("[hx-trigger^=every]")) event.stopImmediatePropagation(); }, true);
}

// What arrives in a closed popover opens it, beside whatever asked for it. The focus goes where the new part wants it:
// browsers heed autofocus only while nothing has the focus yet.
addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.matches?.("dialog:not([open])")) ctx.target.showModal();
  if (ctx.target?.popover && !ctx.target.matches(":popover-open")) ctx.target.showPopover({ source: ctx.sourceElement });
  const wanted = document.querySelector("[data-focus]");
  wanted?.removeAttribute("data-focus");
  wanted?.focus();
});

// What popped up goes when it is dismissed.
addEventListener("click", event => {
  const button = event.target.closest?.("[data-dismiss]");
  if (!button) return;
  button.closest(button.dataset.dismiss).remove();
  document.getElementById("main").focus({ preventScroll: true });
});

// A window that was closed opens again as it was, with what had been typed.
addEventListener("htmx:before:request", event => {
  const { target, request } = event.detail.ctx;
  if (request.method !== "GET" || !target?.matches?.("dialog:not([open], :empty)")) return;
  event.preventDefault();
  target.showModal();
});
