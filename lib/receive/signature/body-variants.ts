export interface Body {
  readonly body: Uint8Array
  /** How it differs from what arrived: "over the body …". Empty if it does not. */
  readonly what: string
}

/** A body as it arrived, and as the sender may have signed it before something in between changed it. */
export function bodyVariants (bytes: Uint8Array): Body[] {
  const text = Buffer.from(bytes).toString()
  const trimmed = text.replace(/^\ufeff/, '').trim()
  const texts: Array<[text: string, what: string]> = [
    [trimmed, 'over the body without the white space around it'],
    [`${trimmed}\n`, 'over the body with a line feed at its end'],
    [text.replaceAll('\r\n', '\n'), 'over the body with LF for CRLF'],
    [text.replaceAll(/\r?\n/g, '\r\n'), 'over the body with CRLF for LF'],
    ...rewritten(trimmed)
  ]
  return [{ body: bytes, what: '' }, ...texts.map(([text, what]) => ({ body: Buffer.from(text), what }))]
}

/** The JSON, as others write it. Not indented: of something that is nested deeply enough, that would be gigabytes. */
function rewritten (text: string): Array<[text: string, what: string]> {
  const json = writtenAgain(text)
  return json === undefined
    ? []
    : [
        [json, 'over the JSON as JSON.stringify writes it'],
        [escaped(json), 'over the JSON with \\u escapes'],
        [escaped(json).replaceAll('/', '\\/'), 'over the JSON with \\u escapes and escaped slashes'],
        [json.replaceAll('/', '\\/'), 'over the JSON with escaped slashes']
      ]
}

function writtenAgain (text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined // not JSON, or nested too deeply to be written again
  }
}

function escaped (json: string): string {
  return json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
