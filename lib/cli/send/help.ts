export const HELP = `Usage: oneroute-webhooks send [EVENT] [options]

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

  -h, --help         print this

A FILE of which several different events are to be made, or to which --content,
--conversation or --conversations apply, has to be a JSON object. It is then written anew, with
conversation.id (and message.conversation_id) only set if asked for. To tell the events apart, a
newMessage gets a new message.externalId, a smsDeliveryReport a new conversation.externalId,
and any other event a field 'sendId'. A file that is not JSON can be posted to see it refused.

Ctrl-C stops and sums up what was done. A latency is the time from the start of a request to the
end of its answer.

Examples:
  oneroute-webhooks send --content 'Is anyone there?'
  oneroute-webhooks send smsDeliveryReport --to http://localhost:8080/hooks
  oneroute-webhooks send recorded.json --count 2 --repeat
  oneroute-webhooks send --count 10000 --conversations 100 --concurrency 20
  jq '.message.sender.name = "Ada"' recorded.json | oneroute-webhooks send -

Exit codes: 0 every answer was 200; 1 another answer, or none; 2 the command line is wrong;
130 stopped by Ctrl-C.
`
