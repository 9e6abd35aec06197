/** What can stand in a queue, and in one at a time. */
export interface Queued<T> {
  next: T | undefined
}

/** First in, first out, as a list of linked items: an array's `shift` copies all that is left of a long one. */
export class Queue<T extends Queued<T>> {
  #first: T | undefined
  #last: T | undefined

  get isEmpty (): boolean {
    return this.#first === undefined
  }

  push (item: T): void {
    if (this.#last === undefined) this.#first = item
    else this.#last.next = item
    this.#last = item
  }

  shift (): T | undefined {
    const item = this.#first
    if (item === undefined) return undefined
    this.#first = item.next
    if (item.next === undefined) this.#last = undefined
    item.next = undefined
    return item
  }
}
