-- The deeds that a dump shows, as activities of the site: whose number moves, who did it, to what, when.
-- `place` and `number` put deeds of the same moment into order. The Community user is a programme that
-- stands in for nobody, so nothing counts for it, but it may be who did something.

DROP TABLE IF EXISTS deed;
CREATE TABLE deed (
  kind TEXT, member INTEGER, actor INTEGER, post INTEGER, thread INTEGER, object TEXT, amount INTEGER, at TEXT,
  counted_at TEXT, zone TEXT, undated INTEGER, source TEXT, place INTEGER, number INTEGER
);
CREATE TEMP TABLE one AS SELECT external AS id, local FROM key WHERE kind = 'member' AND external > 0;
CREATE UNIQUE INDEX temp.one_id ON one (id);
CREATE TEMP TABLE anyone AS SELECT external AS id, local FROM key WHERE kind = 'member';
CREATE UNIQUE INDEX temp.anyone_id ON anyone (id);
CREATE TEMP TABLE spot AS
SELECT post.id, post.question, post.kind, post.owner, post.created, ours.local AS local, opened.local AS thread
FROM post
JOIN key AS ours ON ours.kind = 'post' AND ours.external = post.id
JOIN key AS opened ON opened.kind = 'thread' AND opened.external = post.question;
CREATE UNIQUE INDEX temp.spot_id ON spot (id);

-- When the dump was made: the last moment that anything in it happened. What only shows as a state
-- (views, votes given) was so by then.
CREATE TEMP TABLE known AS
SELECT max(at) AS until FROM (
  SELECT max(max(created), max(coalesce(seen, created))) AS at FROM Users
  UNION ALL SELECT max(max(created), max(coalesce(active, created))) FROM Posts
  UNION ALL SELECT max(created) FROM Comments
  UNION ALL SELECT max(day) FROM Votes
  UNION ALL SELECT max(created) FROM PostHistory
);

-- Writing
INSERT INTO deed
SELECT iif(spot.kind = 'question', 'asked', 'answered'), one.local, one.local, spot.local, spot.thread,
  NULL, 1, spot.created, NULL, 'UTC', 0, NULL, 0, spot.id
FROM spot JOIN one ON one.id = spot.owner;

INSERT INTO deed
SELECT 'commented', one.local, one.local, ours.local, spot.thread, NULL, 1, Comments.created, NULL, 'UTC', 0, NULL, 1, remark.id
FROM remark JOIN Comments USING (id) JOIN one ON one.id = remark.owner JOIN spot ON spot.id = remark.post
JOIN key AS ours ON ours.kind = 'comment' AND ours.external = remark.id;

-- Votes and acceptance
INSERT INTO deed
SELECT CASE vote.type WHEN 2 THEN 'upvote_received' WHEN 3 THEN 'downvote_received' ELSE 'favorite_received' END,
  one.local, anyone.local, spot.local, spot.thread, NULL, 1, vote.at, NULL, 'UTC', 0, NULL, 3, vote.id
FROM vote JOIN one ON one.id = vote.owner JOIN spot ON spot.id = vote.post LEFT JOIN anyone ON anyone.id = vote.voter
WHERE vote.type IN (2, 3, 5);

INSERT INTO deed
SELECT 'accepted', one.local, anyone.local, spot.local, spot.thread, NULL, 1, vote.at, NULL, 'UTC', 0, NULL, 3, vote.id
FROM vote JOIN one ON one.id = vote.owner JOIN spot ON spot.id = vote.post AND spot.kind = 'answer'
JOIN question ON question.id = vote.question LEFT JOIN anyone ON anyone.id = question.owner
WHERE vote.type = 1;

INSERT INTO deed
SELECT 'accepting', one.local, one.local, spot.local, spot.thread, NULL, 1, vote.at, NULL, 'UTC', 0, NULL, 4, vote.id
FROM vote JOIN spot ON spot.id = vote.post AND spot.kind = 'answer'
JOIN question ON question.id = vote.question JOIN one ON one.id = question.owner
WHERE vote.type = 1;

-- Bounties. One that runs out gives half of itself to the best answer; only the whole is awarded by hand.
CREATE TEMP TABLE bounty AS
SELECT given.id, given.post, given.question, given.owner AS winner, given.amount, given.at, (
  SELECT started.id FROM vote AS started
  WHERE started.type = 8 AND started.question = given.question AND started.id < given.id ORDER BY started.id DESC LIMIT 1
) AS started
FROM vote AS given WHERE given.type = 9 AND given.amount > 0;

INSERT INTO deed
SELECT 'bounty_started', one.local, one.local, spot.local, spot.thread, NULL, min(max(coalesce(vote.amount, 1), 1), 2147483647), vote.at, NULL, 'UTC', 0, NULL, 3, vote.id
FROM vote JOIN one ON one.id = vote.voter JOIN spot ON spot.id = vote.question WHERE vote.type = 8;

INSERT INTO deed
SELECT 'bounty_awarded', one.local, one.local, spot.local, spot.thread, NULL, 1, bounty.at, NULL, 'UTC', 0, NULL, 3, bounty.id
FROM bounty JOIN vote AS started ON started.id = bounty.started AND started.amount <= bounty.amount
JOIN one ON one.id = started.voter JOIN spot ON spot.id = bounty.question;

INSERT INTO deed
SELECT 'bounty_won', one.local, anyone.local, spot.local, spot.thread, NULL, min(bounty.amount, 2147483647), bounty.at, NULL, 'UTC', 0, NULL, 4, bounty.id
FROM bounty JOIN one ON one.id = bounty.winner JOIN spot ON spot.id = bounty.post
LEFT JOIN vote AS started ON started.id = bounty.started LEFT JOIN anyone ON anyone.id = started.voter;

-- Editing: the rows of one revision are one edit. Title and body are edited, tags are changed.
INSERT INTO deed
SELECT history.kind, one.local, one.local, spot.local, spot.thread, NULL, 1, min(history.created), NULL, 'UTC', 0, NULL, 2, min(history.id)
FROM (
  SELECT id, post, user, created, coalesce(revision, id) AS revision,
    CASE WHEN type IN (4, 5) THEN 'edited' WHEN type = 6 THEN 'retagged' ELSE 'rolled_back' END AS kind
  FROM PostHistory WHERE type BETWEEN 4 AND 9
) AS history
JOIN spot ON spot.id = history.post JOIN one ON one.id = history.user
GROUP BY history.kind, history.revision, spot.id, one.id;

-- A tag has a description (type 5) and an excerpt of it (type 4). Both are written; the object names the
-- tag that was described at length.
INSERT INTO deed
SELECT 'tag_wiki_written', one.local, one.local, NULL, NULL,
  iif(Posts.type = 5, substr(coalesce(Tags.name, 'tag ' || Posts.id), 1, 80), NULL),
  1, min(history.created), NULL, 'UTC', 0, NULL, 2, min(history.id)
FROM PostHistory AS history JOIN Posts ON Posts.id = history.post AND Posts.type IN (4, 5)
JOIN one ON one.id = history.user LEFT JOIN Tags ON Posts.id = Tags.wiki
WHERE history.type IN (2, 5, 8)
GROUP BY coalesce(history.revision, history.id), Posts.id, one.id;

-- Who suggested an edit is who the other rows of its revision name.
INSERT INTO deed
SELECT 'edit_approved', one.local, NULL, spot.local, spot.thread, NULL, 1, min(applied.created), NULL, 'UTC', 0, NULL, 2, min(applied.id)
FROM PostHistory AS applied
JOIN PostHistory AS change ON change.revision = applied.revision AND change.type BETWEEN 4 AND 6
JOIN one ON one.id = change.user LEFT JOIN spot ON spot.id = applied.post
WHERE applied.type = 24
GROUP BY applied.revision, one.id;

-- What shows as a state only
INSERT INTO deed
SELECT 'upvote_received', one.local, NULL, ours.local, spot.thread, NULL, min(Comments.score, 2147483647), until, NULL, 'UTC', 1, NULL, 6, remark.id
FROM remark JOIN Comments USING (id) JOIN one ON one.id = remark.owner JOIN spot ON spot.id = remark.post, known
JOIN key AS ours ON ours.kind = 'comment' AND ours.external = remark.id
WHERE Comments.score > 0;

INSERT INTO deed
SELECT 'viewed', one.local, NULL, spot.local, spot.thread, NULL, min(Posts.views, 2147483647), until, NULL, 'UTC', 1, NULL, 6, spot.id
FROM spot JOIN Posts USING (id) JOIN one ON one.id = spot.owner, known WHERE spot.kind = 'question' AND Posts.views > 0;

INSERT INTO deed
SELECT 'upvote_given', one.local, one.local, NULL, NULL, NULL, min(upvotes, 2147483647), until, NULL, 'UTC', 1, NULL, 6, id
FROM Users JOIN one USING (id), known WHERE upvotes > 0;

INSERT INTO deed
SELECT 'downvote_given', one.local, one.local, NULL, NULL, NULL, min(downvotes, 2147483647), until, NULL, 'UTC', 1, NULL, 6, id
FROM Users JOIN one USING (id), known WHERE downvotes > 0;

INSERT INTO deed
SELECT 'profile_completed', one.local, one.local, NULL, NULL, NULL, 1, until, NULL, 'UTC', 1, NULL, 6, id
FROM Users JOIN one USING (id), known WHERE trim(about) <> '';

-- Reputation that nothing in a dump explains: who is trusted in a sister community starts with 100. It was
-- earned before, elsewhere, so it counts for the day before they joined. Each down-vote of an answer costs
-- who gives it 1 point, but a dump only tells how many they gave in all. In November 2019 up-votes of
-- questions became worth 10 instead of 5, for the past as well.
CREATE TEMP TABLE earned AS
SELECT member, sum(points) AS points FROM (
  SELECT member, min(sum(points), 200) AS points FROM (
    SELECT vote.owner AS member, substr(vote.at, 1, 10) AS day, CASE
      WHEN vote.type = 3 THEN -2
      WHEN spot.kind = 'answer' OR known.until >= '2019-11-13' THEN 10
      ELSE 5
    END AS points
    FROM vote JOIN spot ON spot.id = vote.post, known WHERE vote.type IN (2, 3)
  )
  GROUP BY member, day
  UNION ALL
  SELECT answer.owner, 15 FROM vote JOIN answer ON answer.id = vote.post WHERE vote.type = 1 AND answer.by_other
  UNION ALL
  SELECT question.owner, 2 FROM vote JOIN answer ON answer.id = vote.post JOIN question ON question.id = answer.question
  WHERE vote.type = 1 AND answer.by_other
  UNION ALL SELECT winner, amount FROM bounty
  UNION ALL SELECT voter, -amount FROM vote WHERE type = 8
  UNION ALL SELECT id, 2 FROM deed JOIN one ON one.local = deed.member WHERE deed.kind = 'edit_approved'
)
GROUP BY member;

INSERT INTO deed
SELECT 'trust_brought', one.local, one.local, NULL, NULL, NULL, 100, created, datetime(created, '-1 day'), 'UTC', 0, NULL, 0, id
FROM Users JOIN one USING (id) LEFT JOIN earned ON earned.member = id
WHERE reputation - 1 - coalesce(points, 0) >= 100 - min(coalesce(downvotes, 0), 50);
