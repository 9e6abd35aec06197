export const HELP = `Usage: fastify-oneroute-webhooks inbox ACTION [options]

Looks into an inbox, replays from it and deletes. The app that uses it may run meanwhile: what looks
changes nothing and holds nothing up, and what is to be replayed or deleted the app is told.

ACTION is one of these:
  stats              how many events are pending, failing, done, dead and invalid, and when the last
                     one was accepted; with limits, for cron and the like
  list               events, the newest first
  show ID            one event in full, with all deliveries that were kept
  replay ID...       put events back, to be delivered again
  replay --dead      the same for every dead event
  replay --invalid   the same for every invalid event, though it is not of its schema
  discard ID...      remove events, whatever their state
  forget CONVERSATION
                     remove all events of a conversation, and every trace of them
  watch              events as they come and change, until Ctrl-C
  migrate            make the schema of a PostgreSQL inbox, or bring it up to date: for a role that
                     may, where that of the app may not
  recount            put right what a PostgreSQL inbox counts, after somebody has changed its tables
                     by hand

An ID may be its first characters, six or more, if no other event begins with them. One that begins
with '-' may look like an option if it has only letters and is not as long as 'list' shows it: give
'--' before it, and before a CONVERSATION that begins so.

Which inbox:
  --db WHERE         a SQLite file, or postgres://user:password@host/database (default: the
                     environment variable ONEROUTE_INBOX, the better place for a password)
  --schema NAME      schema of a PostgreSQL inbox (default: oneroute_webhooks)

What list and watch show:
  --state STATE      only pending, done, dead or invalid events
  --failing          only pending events that have failed at least once
  --name NAME        only events of a name, such as newMessage
  --conversation ID  only events of a conversation; also what replay takes, see below
  --since TIME       only events that came in at this time or later: 2026-11-26T05:30Z, or how long
                     ago it was, 30m, 2h or 3d; also what replay takes
  --until TIME       only events that came in before this time; also what replay takes
  --text TEXT        only events with this in a text or a number of theirs, in their name,
                     conversation or errors, in capitals or not, or that an id begins with
  --limit N          list at most so many events (default: 50)

What stats watches over:
  --max-dead N       exit code 1 if more events are dead
  --max-failing N    exit code 1 if more pending events have failed at least once
  --max-silence TIME exit code 1 if no event was accepted for longer, or ever: 90s, 30m, 2h or 1d;
                     invalid ones and repeats do not count

How it is shown:
  --json             JSON, one object a line; also what list, show and watch print into a pipe
  --redact NAMES     fields that are shown as [redacted], with commas between them; also what
                     they hold in errors and conversations (default: credentials)

What is replayed:
  --dead             all dead events, with --conversation those of one, with --since and --until
                     those of a time; on a terminal it says how many, and asks
  --invalid          all invalid events, in the same way
  --all-listeners    call all listeners of a dead event, not only those that failed
  --yes              without asking, and needed for these and 'forget' where there is no terminal

How it is migrated:
  --sql              print what is missing, for psql, and change nothing; without an address, all of
                     it

  -h, --help         print this

watch asks once a second for the newest events, and for older ones if more have come. With
--redact content,name,email,phone little of a customer is shown.

Examples:
  fastify-oneroute-webhooks inbox stats --db webhooks.db
  fastify-oneroute-webhooks inbox stats --max-dead 0 --max-failing 20 --max-silence 30m > /dev/null
  fastify-oneroute-webhooks inbox list --state dead
  fastify-oneroute-webhooks inbox list --failing --since 2h
  fastify-oneroute-webhooks inbox list --text refund --json | jq .event.message
  fastify-oneroute-webhooks inbox show 3q2-7wAbCd
  fastify-oneroute-webhooks inbox replay --dead
  fastify-oneroute-webhooks inbox discard 3q2-7wAbCd
  fastify-oneroute-webhooks inbox forget 5f0c9a7e
  fastify-oneroute-webhooks inbox migrate --sql > inbox.sql
  fastify-oneroute-webhooks inbox recount --db postgres://app@db/app

Exit codes: 0 done; 1 it could not be done, such as for an id that there is not, or a limit is
passed, with a line on stderr for each; 2 the command line is wrong; 3 with limits, if the inbox
could not be asked; 130 stopped by Ctrl-C.
`
