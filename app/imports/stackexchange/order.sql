-- What the import asks of a dump, computed once when the staging file is made.

-- Which user of a name is this one? The first keeps it bare.
CREATE TABLE username AS
SELECT id, coalesce(base, '') AS base, row_number() OVER (PARTITION BY coalesce(base, '') ORDER BY id) AS nth FROM Users;
CREATE UNIQUE INDEX username_id ON username (id);

-- The questions, and the answers whose question is here. An owner who is not among the users has left.
CREATE TABLE question AS
SELECT Posts.id, Users.id AS owner, Posts.created FROM Posts LEFT JOIN Users ON Users.id = Posts.owner WHERE type = 1;
CREATE UNIQUE INDEX question_id ON question (id);

CREATE TABLE answer AS
SELECT
  Posts.id, question.id AS question, Users.id AS owner, Posts.created,
  NOT (Users.id IS question.owner) AS by_other,
  row_number() OVER (PARTITION BY question.id ORDER BY Posts.created, Posts.id) AS nth,
  Users.id IS NOT NULL
    AND row_number() OVER (PARTITION BY question.id, Users.id ORDER BY Posts.created, Posts.id) > 1 AS again,
  max(0, CAST(julianday(Posts.created) - julianday(question.created) AS INTEGER)) AS waited
FROM Posts JOIN question ON question.id = Posts.parent LEFT JOIN Users ON Users.id = Posts.owner
WHERE type = 2;
CREATE UNIQUE INDEX answer_id ON answer (id);
CREATE INDEX answer_question ON answer (question);

CREATE TABLE post AS
SELECT id, id AS question, owner, created, 'question' AS kind, 0 AS by_other, 0 AS waited FROM question
UNION ALL SELECT id, question, owner, created, 'answer', by_other, waited FROM answer;
CREATE UNIQUE INDEX post_id ON post (id);

CREATE TABLE remark AS
SELECT
  Comments.id, post.id AS post, post.question, Users.id AS owner, NOT (Users.id IS question.owner) AS by_other,
  max(0, CAST(julianday(Comments.created) - julianday(question.created) AS INTEGER)) AS waited
FROM Comments JOIN post ON post.id = Comments.post JOIN question ON question.id = post.question
LEFT JOIN Users ON Users.id = Comments.user;
CREATE UNIQUE INDEX remark_id ON remark (id);

CREATE TABLE size AS
SELECT id, sum(answers) AS answers, sum(answers + remarks) AS replies
FROM (
  SELECT question AS id, 1 AS answers, 0 AS remarks FROM answer UNION ALL SELECT question, 0, 1 FROM remark
)
GROUP BY id;
CREATE UNIQUE INDEX size_id ON size (id);

CREATE INDEX history_post ON PostHistory (post, created, id);
CREATE INDEX history_revision ON PostHistory (revision);

-- Votes for posts that are here. A vote shows only its day, but nobody votes before there is a post:
-- on the day of the post its own moment is the earliest possible.
CREATE TABLE vote AS
SELECT
  Votes.id, Votes.type, post.id AS post, post.question, post.owner, Users.id AS voter, Votes.amount,
  max(Votes.day, post.created) AS at
FROM Votes JOIN post ON post.id = Votes.post LEFT JOIN Users ON Users.id = Votes.user
WHERE Votes.type IN (1, 2, 3, 5, 8, 9);
CREATE UNIQUE INDEX vote_id ON vote (id);
CREATE INDEX vote_type ON vote (type, question);

-- One row for each tag that a question bears, with who first put it there and when.
CREATE TABLE mark AS
WITH RECURSIVE
  written (question, rest) AS (
    SELECT id, replace(replace(tags, '<', '|'), '>', '|') || '|' FROM Posts WHERE type = 1 AND tags <> ''
  ),
  split (question, tag, rest) AS (
    SELECT question, substr(rest, 1, instr(rest, '|') - 1), substr(rest, instr(rest, '|') + 1) FROM written
    UNION ALL
    SELECT question, substr(rest, 1, instr(rest, '|') - 1), substr(rest, instr(rest, '|') + 1) FROM split WHERE rest <> ''
  )
SELECT DISTINCT question, substr(tag, 1, 60) AS tag, 0 AS change FROM split WHERE tag <> '';
CREATE UNIQUE INDEX mark_question ON mark (question, tag);
UPDATE mark SET change = coalesce((
  SELECT PostHistory.id FROM PostHistory
  WHERE PostHistory.post = mark.question AND PostHistory.type IN (3, 6, 9)
    AND instr(replace(replace('|' || text || '|', '<', '|'), '>', '|'), '|' || mark.tag || '|') > 0
  ORDER BY PostHistory.created, PostHistory.id LIMIT 1
), 0);
