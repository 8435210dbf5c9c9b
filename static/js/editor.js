// The tools of the field in which members write. Everything works without them: this saves typing Markdown,
// offers names after an @, quotes what is marked, and takes pictures by button, paste and drop.
// All listeners hang on the document, so that forms which htmx brings later need no setting up.
"use strict";
{
  const editorOf = element => element?.closest?.("[data-editor]");
  const fieldOf = element => editorOf(element)?.querySelector("textarea");
  const announce = text => { document.getElementById("live").textContent = text; };

  // Replacing through the browser's own editing keeps undo; browsers without it get the plain way.
  const put = (field, text, from = field.selectionStart, to = field.selectionEnd) => {
    field.focus();
    field.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, from, to, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  const wrap = (field, before, after = before) => {
    const { selectionStart: from, selectionEnd: to, value } = field, said = value.slice(from, to);
    put(field, before + said + after);
    field.setSelectionRange(from + before.length, from + before.length + said.length);
  };
  const lines = (field, mark) => {
    const from = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1, to = field.selectionEnd;
    put(field, field.value.slice(from, to).split("\n").map(line => mark + line).join("\n"), from, to);
  };
  const paragraph = (field, text) => {
    const gap = field.value.slice(0, field.selectionStart).trimEnd();
    put(field, (gap ? "\n\n" : "") + text, gap.length, field.selectionEnd);
  };

  const tools = {
    bold: field => wrap(field, "**"),
    italic: field => wrap(field, "*"),
    quote: field => lines(field, "> "),
    list: field => lines(field, "- "),
    code: field => field.value.slice(field.selectionStart, field.selectionEnd).includes("\n")
      ? wrap(field, "```\n", "\n```") : wrap(field, "`"),
    link: field => {
      wrap(field, "[", "](https://)");
      const end = field.value.indexOf("](https://)", field.selectionStart) + 2;
      if (field.selectionStart !== field.selectionEnd) field.setSelectionRange(end, end + 8);
    },
    mention: field => put(field, "@"),
    picture: field => editorOf(field).querySelector("input[type=file]").click(),
    locked: field => announce(editorOf(field).querySelector(".hint[id$=-lock]").textContent),
  };
  addEventListener("click", event => {
    const button = event.target.closest?.("[data-tool]");
    if (button) tools[button.dataset.tool](fieldOf(button));
  });
  addEventListener("keydown", event => {
    const bar = event.target.closest?.("[role=toolbar]");
    if (bar) return walk(event, [...bar.querySelectorAll("button")]);
    if (!event.target.matches?.("[data-editor] textarea")) return;
    if (choosing(event)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.target.form.requestSubmit(event.target.form.querySelector(".send"));
    const tool = { b: "bold", i: "italic", k: "link" }[event.key];
    if (tool && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      tools[tool](event.target);
    }
  });
  // One stop of the Tab key for the whole bar; the arrows go on within it.
  const walk = (event, buttons) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -buttons.length, End: buttons.length };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const step = steps[event.key] * (getComputedStyle(event.target).direction === "rtl" && event.key.startsWith("Arrow") ? -1 : 1);
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, buttons.indexOf(event.target.closest("button")) + step))];
    buttons.forEach(button => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
  };

  // Names after an @.
  let asked = 0, field = null, start = -1;
  const listOf = field => document.getElementById(`${field.id}-people`);
  const close = () => {
    if (!field) return;
    listOf(field).hidden = true;
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
    field = null;
  };
  const mark = option => {
    listOf(field).querySelectorAll("[role=option]").forEach(it => it.setAttribute("aria-selected", it === option));
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const choose = option => {
    const into = field;
    close();
    put(into, `@${option.dataset.name} `, start, into.selectionEnd);
  };
  const offer = (into, at, people) => {
    close();
    if (!people.length) return;
    [field, start] = [into, at];
    const list = listOf(into);
    list.replaceChildren(...people.map(({ username, name }, nth) => {
      const option = document.createElement("li"), strong = document.createElement("b");
      Object.assign(option, { id: `${into.id}-person-${nth}`, role: "option" });
      option.dataset.name = username;
      strong.textContent = name;
      option.append(strong, ` @${username}`);
      return option;
    }));
    list.hidden = false;
    into.setAttribute("aria-controls", list.id);
    mark(list.firstElementChild);
    announce(`${people.length}. ${into.dataset.found}`);
  };
  const choosing = event => {
    if (!field) return false;
    const options = [...listOf(field).children], now = options.findIndex(it => it.ariaSelected === "true");
    if (event.key === "ArrowDown") mark(options[(now + 1) % options.length]);
    else if (event.key === "ArrowUp") mark(options[(now + options.length - 1) % options.length]);
    else if (event.key === "Enter" || event.key === "Tab") choose(options[now]);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  };
  addEventListener("input", async event => {
    const into = event.target;
    if (!into.matches?.("[data-editor] textarea")) return;
    const found = /(?:^|[^\w@/.+-])@([\w.-]{1,30})$/.exec(into.value.slice(0, into.selectionStart)), turn = ++asked;
    if (!found) return close();
    const answer = await fetch(`/-/mentions?q=${encodeURIComponent(found[1])}`).catch(() => null);
    if (turn !== asked || !answer?.ok) return;
    offer(into, into.selectionStart - found[1].length - 1, await answer.json());
  });
  addEventListener("mousedown", event => {
    const option = event.target.closest?.(".suggestions [role=option]");
    if (option) { event.preventDefault(); choose(option); } else close();
  });
  addEventListener("focusout", event => { if (event.target === field) close(); });

  // Pictures.
  const trouble = (into, text) => {
    const place = editorOf(into).querySelector("[data-trouble]");
    place.textContent = text;
    place.hidden = !text;
  };
  const upload = async (into, file) => {
    const form = into.form, lock = editorOf(into).querySelector(".hint[id$=-lock]");
    if (lock) return trouble(into, lock.textContent);
    trouble(into, "");
    announce(into.dataset.uploading);
    const data = new FormData();
    data.append("csrf_token", form.elements.csrf_token.value);
    data.append("picture", file);
    const answer = await fetch("/-/pictures", { method: "POST", body: data }).catch(() => null);
    const text = answer && answer.headers.get("Content-Type").startsWith("text/plain") ? await answer.text() : "";
    if (!answer?.ok) return trouble(into, text || document.getElementById("live").dataset.failed);
    const at = into.selectionStart;
    put(into, text);
    into.setSelectionRange(at + 2, at + text.indexOf("]"));       // what it shows is for whoever cannot see it
  };
  addEventListener("change", event => {
    if (!event.target.matches?.("[data-editor] input[type=file]") || !event.target.files.length) return;
    upload(fieldOf(event.target), event.target.files[0]);
    event.target.value = "";
  });
  const pictureIn = data => [...(data?.files ?? [])].find(file => file.type.startsWith("image/"));
  addEventListener("paste", event => {
    const file = event.target.matches?.("[data-editor] textarea") && pictureIn(event.clipboardData);
    if (file) { event.preventDefault(); upload(event.target, file); }
  });
  addEventListener("dragover", event => { if (fieldOf(event.target) && event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  addEventListener("drop", event => {
    const into = fieldOf(event.target), file = into && pictureIn(event.dataTransfer);
    if (file) { event.preventDefault(); upload(into, file); }
  });

  // Quotations: what is marked in the post, or all of it.
  addEventListener("click", async event => {
    const link = event.target.closest?.("[data-quote]"), into = document.getElementById("body");
    if (!link || !into || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const marked = getSelection(), post = link.closest("[data-post]");
    const said = marked.rangeCount && post.contains(marked.getRangeAt(0).commonAncestorContainer) ? marked.toString() : "";
    const answer = await fetch(`/-/posts/${link.dataset.quote}/quote?said=${encodeURIComponent(said.slice(0, 1500))}`).catch(() => null);
    if (!answer?.ok) return location.assign(link.href);
    into.setSelectionRange(into.value.length, into.value.length);
    paragraph(into, await answer.text());
    into.scrollIntoView({ block: "center" });
  });
}
