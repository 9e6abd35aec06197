import { DEFAULTS, writeMix } from './chaos/mix.ts'

export const HELP = `Usage: fastify-oneroute-webhooks send [EVENT] [options]

Plays OneRoute, which cannot reach localhost: posts events to your app, signed as OneRoute
signs them, and sums up the answers.

EVENT is what to post:
  newMessage         OneRoute's documented sample, sent now (this is the default)
  smsDeliveryReport  the same for the report on an SMS
  FILE               a file of yours; its bytes are posted, and signed, exactly as they are
  -                  the same from standard input

Where and how:
  --to URL           address of the route
                     (default: http://localhost:3000/webhooks/oneroute)
  --secret KEY       OneRoute secret key to sign with (default: the environment variable
                     ONEROUTE_SECRET, the better place: a command line is seen by other users
                     of the machine, and kept by the shell; without either: unsigned)
  --timeout MS       milliseconds to wait for an answer (default: 30000)

What:
  --content TEXT     text of the message (default: the sample's, numbered if there are several)
  --conversation ID  id of the conversation (default: a new one)
  --conversations N  spread the events over N new conversations, in turn (default: 1)

How many:
  --count N          number of events (default: 1)
  --rate N           events a second (default: the next one when an answer is there). A rate that
                     the answers are too slow for is caught up with later: raise --concurrency
  --concurrency N    requests in flight at once (default: 1). Events of one conversation are
                     posted in order, each after the answer to the last, unless N is more than
                     --conversations
  --repeat           post the very same bytes every time, as OneRoute would if it tried again;
                     without it every event is different

A bad day (--chaos):
  --chaos            plays a bad day of OneRoute and the network instead, and ends with a verdict
                     over what the receiver did: what was lost, handled twice, out of order, or
                     answered wrongly. Its defaults are --count 1000, --conversations 20 and
                     --concurrency 16, or as many as there are conversations if they are fewer:
                     of requests of one conversation at once, no order can be checked
  --chaos-mix MIX    how many per cent of the events each kind of trouble comes to, with commas
                     between them; what is not named does not happen (default:
                     ${writeMix(DEFAULTS)},
                     without forged if there is no key):
                       repeats    posted twice, at once or up to 100 requests later
                       reordered  changes places with the next one of its conversation
                       delayed    comes after a pause, or in five pieces with pauses between them
                       truncated  a part of it comes first, as if it were all, or with the
                                  connection ended at that
                       forged     one more comes, with the signature of another key or another
                                  body, one that is too short, or none
                       cut        the connection breaks first, before the end of the body or
                                  before the answer
                       bursts     so many per cent of all requests come 50 at once
  --seed N           from 0 to 4294967295: the same seed plays the same day (default: another one
                     every time, which is printed)
  --handled FILE     where the receiver writes what it handles, in order: lines of JSON of which
                     each has the 'id' of an event, the SHA-256 of its body in base64url, as
                     'listen' prints them and context.id is in a listener. '-' is standard input.
                     Only what comes after the start is read. Not for an app with the 'key' option,
                     whose ids are others. Without it nothing can be said but whether the answers
                     were right
  --settle MS        milliseconds without a new line after which what is missing is lost
                     (default: 5000)

  -h, --help         print this

A FILE of which several different events are to be made, or to which --content,
--conversation or --conversations apply, has to be a JSON object. It is then written anew, with
conversation.id (and message.conversation_id) only set if asked for. To tell the events apart, a
newMessage gets a new message.externalId, a smsDeliveryReport a new conversation.externalId,
and any other event a field 'sendId'. A file that is not JSON can be posted to see it refused.

Ctrl-C stops and sums up what was done. A latency is the time from the start of a request to the
end of its answer.

Examples:
  fastify-oneroute-webhooks send --content 'Is anyone there?'
  fastify-oneroute-webhooks send smsDeliveryReport --to http://localhost:8080/hooks
  fastify-oneroute-webhooks send recorded.json --count 2 --repeat
  fastify-oneroute-webhooks send --count 10000 --conversations 100 --concurrency 20
  fastify-oneroute-webhooks send --chaos --handled handled.jsonl
  jq '.message.sender.name = "Ada"' recorded.json | fastify-oneroute-webhooks send -

Exit codes: 0 every answer was 200, or the verdict is clean; 1 another answer, or none, or the
verdict is not clean; 2 the command line is wrong; 130 stopped by Ctrl-C.
`
