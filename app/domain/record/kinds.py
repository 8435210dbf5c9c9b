"""The kinds of deeds that count, and how each is worded.

A kind is named from the side of the member whose number moves: `upvote_received` counts for who
wrote the post, `upvote_given` for who pressed the button. `one` and `many` say what to do to reach
one or {n}; `each` says it of a single post ({post} becomes question, answer or post); `noun` is the
plural in "7 of 10 answers accepted", `things` that of what each deed is about, where that counts once.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A countable deed and its words; a sum counts several deeds, each with its weight."""

    slug: str
    one: str
    many: str
    noun: str
    each: str = ""
    things: str = ""
    weights: dict[str, int] = field(default_factory=dict)


_KINDS = (
    # Settling in and learning
    Kind("email_verified", "Confirm your e-mail address", "Confirm {n} e-mail addresses", "addresses confirmed"),
    Kind(
        "profile_completed",
        "Complete your profile: photo, title and a few words about you",
        "Complete your profile {n} times",
        "profiles completed",
    ),
    Kind("second_factor_on", "Turn on two-step sign-in", "Turn on two-step sign-in {n} times", "times turned on"),
    Kind("thread_read", "Read a thread", "Read {n} threads", "threads read"),
    Kind(
        "lesson_passed",
        "Read a lesson and answer its questions",
        "Finish {n} lessons",
        "lessons finished",
        things="different lessons",
    ),
    Kind("event_attended", "Attend an event", "Attend {n} events", "events attended", things="different events"),
    Kind(
        "event_credited",
        "Attend an event that gives points",
        "Attend {n} events that give points",
        "events with points",
        things="different events",
    ),
    Kind("feedback_given", "Tell us what you think of this place", "Send feedback {n} times", "times"),
    # Threads and posts
    Kind("asked", "Ask your first question", "Ask {n} questions", "questions asked"),
    Kind(
        "started",
        "Start your first discussion or share an idea",
        "Start {n} discussions or ideas",
        "discussions and ideas",
    ),
    Kind("answered", "Post your first answer", "Post {n} answers", "answers posted"),
    Kind("replied", "Write your first reply", "Write {n} replies", "replies written"),
    Kind("commented", "Write your first comment", "Write {n} comments", "comments written"),
    Kind(
        "accepted",
        "Have an answer accepted",
        "Have {n} answers accepted",
        "answers accepted",
        each="Have {a_post} accepted",
    ),
    Kind(
        "accepting",
        "Accept an answer to your question",
        "Accept answers to {n} of your questions",
        "answers accepted by you",
    ),
    Kind("mentioning", "Mention another member", "Mention {n} members", "mentions"),
    Kind("mentioned", "Be mentioned by another member", "Be mentioned {n} times", "times mentioned"),
    Kind(
        "mention_answered",
        "Mention a member who then answers the thread",
        "Mention members who then answer the thread, {n} times",
        "mentions answered",
    ),
    Kind("edited", "Edit a post", "Make {n} edits to posts", "edits"),
    Kind("retagged", "Change the tags of a question", "Change tags {n} times", "changes of tags"),
    Kind(
        "rolled_back",
        "Take a post back to an earlier version",
        "Take posts back to an earlier version {n} times",
        "rollbacks",
    ),
    Kind(
        "viewed",
        "Start a thread that somebody reads",
        "Have your threads read {n} times",
        "views",
        each="Start a thread with {n} views",
    ),
    Kind(
        "bookmarked",
        "Write something that a member bookmarks",
        "Have your posts bookmarked {n} times",
        "bookmarks",
        each="Write {a_post} that {n} members bookmark",
    ),
    Kind("followed", "Gain your first follower", "Gain {n} followers", "followers"),
    # Reactions
    Kind(
        "upvote_received",
        "Receive your first Upvote",
        "Receive {n} Upvotes",
        "Upvotes received",
        each="Have {a_post} receive {n} Upvotes",
    ),
    Kind("upvote_given", "Give your first Upvote", "Give {n} Upvotes", "Upvotes given"),
    Kind(
        "insightful_received",
        "Receive your first Insightful",
        "Receive {n} Insightful reactions",
        "Insightful reactions received",
        each="Have {a_post} receive {n} Insightful reactions",
    ),
    Kind(
        "insightful_given", "Give your first Insightful", "Give {n} Insightful reactions", "Insightful reactions given"
    ),
    Kind(
        "downvote_received",
        "Receive a down-vote",
        "Receive {n} down-votes",
        "down-votes received",
        each="Have {a_post} receive {n} down-votes",
    ),
    Kind("downvote_given", "Give a down-vote", "Give {n} down-votes", "down-votes given"),
    Kind(
        "favorite_received",
        "Write something that a member marks as favourite",
        "Have your posts marked as favourite {n} times",
        "favourites",
        each="Have {a_post} marked as favourite by {n} members",
    ),
    # Coming back
    Kind("visited", "Visit once", "Visit on {n} days", "days"),
    Kind("anniversary", "Be a member for one year", "Be a member for {n} years", "years"),
    Kind("week_top_ten", "Finish a week among the first ten", "Finish {n} weeks among the first ten", "weeks"),
    Kind("week_first", "Finish a week in first place", "Finish {n} weeks in first place", "weeks"),
    # Together
    Kind("message_sent", "Send your first direct message", "Send {n} direct messages", "messages sent"),
    Kind(
        "nomination_approved",
        "Nominate a member for a badge that is then awarded",
        "Nominate members for badges that are then awarded, {n} times",
        "nominations",
    ),
    Kind(
        "badge_completed",
        "Give the reaction that completes somebody’s badge",
        "Give the reaction that completes somebody’s badge, {n} times",
        "badges completed for others",
    ),
    Kind("flag_upheld", "Flag a post that moderators act on", "Flag {n} posts that moderators act on", "flags"),
    Kind(
        "best_of",
        "Have a post reach the Best Of page",
        "Have {n} posts reach the Best Of page",
        "posts on Best Of",
        each="Have {a_post} reach the Best Of page",
    ),
    Kind("badge_granted", "Be given a badge by the team", "Be given {n} badges by the team", "badges given"),
    # Facts that a look over the tables finds: absence, relations of two deeds, time passing
    Kind(
        "stayed_alone",
        "Ask a question that stays without answer, comment or vote for a week",
        "Ask {n} questions that stay alone for a week",
        "questions left alone",
    ),
    Kind(
        "edited_dormant",
        "Improve a post of another member that nobody touched for six months",
        "Improve {n} posts of others that nobody touched for six months",
        "old posts improved",
    ),
    Kind(
        "first_to_two",
        "Answer a question more than 30 days later and be the first to reach 2 votes",
        "Bring {n} old questions back to life",
        "questions revived",
        each="Bring an old question back to life",
    ),
    Kind(
        "good_question",
        "Ask a question that is well received",
        "Ask {n} well-received questions",
        "well-received questions",
    ),
    Kind(
        "poor_question",
        "Ask a question with a negative score",
        "Ask {n} questions with a negative score",
        "questions with a negative score",
    ),
    Kind("closed", "Have a question closed", "Have {n} questions closed", "questions closed"),
    Kind(
        "explained",
        "Edit and answer the same question within 12 hours, the answer being voted up",
        "Edit and answer {n} questions, each within 12 hours, the answers being voted up",
        "questions explained",
    ),
    Kind(
        "populist",
        "Write an answer with more than twice the votes of an accepted one",
        "Outdo {n} accepted answers",
        "accepted answers outdone",
        each="Write an answer with more than twice the votes of an accepted one that has more than 10",
    ),
    Kind(
        "reversal",
        "Write a well-liked answer to a disliked question",
        "Write {n} well-liked answers to disliked questions",
        "reversals",
        each="Write an answer with 20 votes to a question with -5 or less",
    ),
    Kind(
        "tag_took_off",
        "Make a tag that 50 questions come to use",
        "Make {n} tags that 50 questions come to use",
        "tags",
        each="Make a tag that 50 questions come to use",
    ),
    Kind("tag_wiki_written", "Describe a tag", "Write or improve {n} descriptions of tags", "tag descriptions"),
    Kind("bounty_started", "Offer a bounty", "Offer {n} bounties", "bounties offered"),
    Kind("bounty_awarded", "Award a bounty", "Award {n} bounties", "bounties awarded"),
    Kind("bounty_won", "Win a bounty", "Win {n} bounties", "bounties won"),
    Kind(
        "trust_brought",
        "Bring the trust of another community",
        "Bring {n} points of trust from another community",
        "points brought",
    ),
    Kind("edit_approved", "Have a suggested edit approved", "Have {n} suggested edits approved", "edits approved"),
    # The ledger speaks too: each booked entry moves this by its amount
    Kind("points", "Earn your first point", "Earn {n} points", "points"),
)

_SUMS = (
    Kind(
        "score",
        "Have your posts liked",
        "Have your posts reach {n} votes in all",
        "votes",
        each="Have {a_post} reach {n} votes",
        weights={"upvote_received": 1, "downvote_received": -1},
    ),
    Kind(
        "reactions_received",
        "Receive your first reaction",
        "Receive {n} reactions",
        "reactions received",
        each="Have {a_post} receive {n} reactions",
        weights={"upvote_received": 1, "insightful_received": 1},
    ),
    Kind(
        "reactions_given",
        "React to a post of another member",
        "React to {n} posts of other members",
        "reactions given",
        weights={"upvote_given": 1, "insightful_given": 1},
    ),
    Kind(
        "threads_started",
        "Start your first thread",
        "Start {n} threads",
        "threads started",
        weights={"asked": 1, "started": 1},
    ),
    Kind(
        "votes_given",
        "Give your first vote",
        "Give {n} votes",
        "votes given",
        weights={"upvote_given": 1, "downvote_given": 1},
    ),
    Kind(
        "contributions",
        "Write your first answer, reply or comment",
        "Write {n} answers, replies or comments",
        "contributions",
        weights={"answered": 1, "replied": 1, "commented": 1},
    ),
)

KINDS = {kind.slug: kind for kind in _KINDS}
SUMS = {kind.slug: kind for kind in _SUMS}
POINTS = "points"
