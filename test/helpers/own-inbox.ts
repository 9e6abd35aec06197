const FULL = 'synchronous = FULL'

/** The source of the inbox of your own, made not to wait for the disk after each statement: thousands of such waits take long, and no process sees the difference. */
export function withoutSync (source: string): string {
  if (!source.includes(FULL)) throw new Error(`there is no '${FULL}' in it`)
  return source.replace(FULL, 'synchronous = OFF')
}
