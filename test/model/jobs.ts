/** Works on up to `jobs` items at once. `onResult` gets each result when it is there. */
export async function inParallel<T, R> (items: readonly T[], jobs: number, work: (item: T) => Promise<R>, onResult: (result: R, item: T) => void): Promise<void> {
  const left = [...items]
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) onResult(await work(item), item)
  }))
}
