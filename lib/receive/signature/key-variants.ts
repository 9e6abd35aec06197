export interface Key {
  readonly key: string
  /** How it differs from what is set: "with the key …". Empty if it does not. */
  readonly what: string
}

/** A key as it is set, and as it may have been meant. */
export function keyVariants (key: string): Key[] {
  const trimmed = key.trim()
  const bare = trimmed.replace(/^(["'])(.*)\1$/s, '$2')
  return [
    { key, what: '' },
    { key: trimmed, what: 'with the key without the white space around it' },
    { key: bare, what: 'with the key without the quotes around it' }
  ].filter((variant, i, all) => variant.key !== '' && all.findIndex((other) => other.key === variant.key) === i)
}
