import { REDACTED } from '../page-constants'

/** The route's path, if the app has not set another. */
const USUAL_PATH = '/webhooks/oneroute'
/** A terminal may act on these when they are pasted; JSON has another way to write them. */
const CONTROLS = /[\u007f-\u009f]/g

/**
 * A command for a shell that posts the event to the app's route once more. The secret is not known here: whoever pastes it has it in a
 * variable. In single quotes a shell replaces nothing, and JSON has no line breaks. In place of what is hidden here there is null, which the
 * events' schemas take for every object, and for most of the rest.
 */
export function curlOf (event: unknown, origin: string): string {
  const body = JSON.stringify(event, (_key, value: unknown) => value === REDACTED ? null : value).replaceAll(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return [
    `URL="\${WEBHOOK_URL:-${origin}${USUAL_PATH}}"`,
    `BODY=${quoted(body)}`,
    'SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha512 -hmac "$ONEROUTE_SECRET" | sed "s/.* //")',
    'printf %s "$BODY" | curl -sS "$URL" -H "content-type: application/json" -H "x-oneroute-signature: $SIGNATURE" --data-binary @-',
    ''
  ].join('\n')
}

function quoted (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Whether something in it is hidden here: it cannot be sent as it came in. */
export function isRedacted (event: unknown): boolean {
  let is = false
  JSON.stringify(event, (_key, value: unknown) => {
    is ||= value === REDACTED
    return value
  })
  return is
}
