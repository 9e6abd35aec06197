// The byte order mark is taken off, as parsers of JSON do.
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Values that any JSON may have, however short it is. */
const FREE_VALUES = 1_000
/** Bytes for each value beyond those. OneRoute's sample has 23, and longer messages are longer by their texts. */
const BYTES_PER_VALUE = 24

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = Buffer.from('"\\,[{')

/**
 * The JSON of a body as `JSON.stringify` writes it, which is what OneRoute's own sample signs; nothing if there is no such thing, or
 * if the JSON is denser than a message can be. Anybody may have this done for a body that is made to be dear, such as one of many short keys:
 * the bound keeps it to a few times of what the hash of the same body costs.
 */
export function reserialised (body: Uint8Array): Uint8Array | undefined {
  if (isDense(body)) return undefined
  try {
    // Not the parser that refuses `__proto__`: what fits is parsed again by that one.
    return Buffer.from(JSON.stringify(JSON.parse(utf8.decode(body))))
  } catch {
    return undefined // not JSON, or nested too deeply to be written again
  }
}

/** Counts what is outside of strings: each comma, and each object or array that is opened, stands for one value. */
function isDense (body: Uint8Array): boolean {
  let left = FREE_VALUES + Math.floor(body.length / BYTES_PER_VALUE)
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) inString = !inString
    else if (inString) i += byte === BACKSLASH ? 1 : 0 // what it escapes may be a quote
    else if ((byte === COMMA || byte === BRACKET || byte === BRACE) && --left < 0) return true
  }
  return false
}
