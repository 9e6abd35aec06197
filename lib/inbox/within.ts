/** What the promise says, or the error once so many milliseconds are over. */
export async function within<T> (promise: Promise<T>, limit: number, error: () => Error): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => { reject(error()) }, limit)
  return await Promise.race([promise, over]).finally(() => { clearTimeout(timer) })
}
