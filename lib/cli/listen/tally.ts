import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { channels } from '../../channels.ts'
import type { ReceiveMessage, ReceiveOutcome } from '../../channels.ts'
import type { Webhooks } from '../../webhooks.ts'

/** Counts what came in, by what became of it. */
export class Tally {
  readonly #counts = new Map<ReceiveOutcome, number>()
  readonly #count: (message: unknown) => void

  constructor (webhooks: Webhooks) {
    this.#count = (message) => {
      const { webhooks: about, outcome } = message as ReceiveMessage // which is what the channel has
      if (about === webhooks) this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1)
    }
    subscribe(channels.receive.name, this.#count)
  }

  end (): string {
    unsubscribe(channels.receive.name, this.#count)
    const others = [...this.#counts].filter(([outcome]) => outcome !== 'accepted').map(([outcome, count]) => `, ${count} ${outcome}`)
    const accepted = this.#counts.get('accepted') ?? 0
    return `${accepted} event${accepted === 1 ? '' : 's'}${others.join('')}`
  }
}
