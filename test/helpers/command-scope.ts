import type { Scope } from './scope.ts'

/** What a command makes goes when the command ends, the latest first. */
export class CommandScope implements Scope {
  readonly #handlers: Array<() => unknown> = []

  teardown (handler: () => unknown): void {
    this.#handlers.push(handler)
  }

  async end (): Promise<void> {
    for (let handler = this.#handlers.pop(); handler !== undefined; handler = this.#handlers.pop()) await handler()
  }
}
