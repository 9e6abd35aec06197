import type { JSX } from 'preact'

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON in colours. Text nodes only: nothing in it can become markup. */
export function Json ({ value }: { value: unknown }): JSX.Element {
  const text = JSON.stringify(value, null, 2)
  const parts: Array<JSX.Element | string> = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [token, string, colon] = match
    parts.push(text.slice(end, match.index))
    parts.push(<span key={match.index} class={kindOf(token, string, colon)}>{string ?? token}</span>)
    if (colon !== undefined) parts.push(colon)
    end = match.index + token.length
  }
  return <pre class='json' tabIndex={0} aria-label='The event as JSON'>{parts}{text.slice(end)}</pre>
}

function kindOf (token: string, string: string | undefined, colon: string | undefined): string {
  if (colon !== undefined) return 'key'
  if (string !== undefined) return 'string'
  return /^[tfn]/.test(token) ? 'literal' : 'number'
}
