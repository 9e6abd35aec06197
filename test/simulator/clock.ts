/** What runs next if its turn has come. `owner` is the process it belongs to. */
export interface Task {
  readonly owner: object | undefined
  readonly label: string
  run (): void
}

/** 2025-06-15 in the afternoon. */
const START = 1_750_000_000_000
const LONGEST_DELAY = 2 ** 31 - 1

type Callback = (...args: unknown[]) => void

/** What `setTimeout`, `setInterval` and `setImmediate` return. */
export class SimulatedTimer implements Task {
  readonly owner: object | undefined
  readonly label: string
  readonly delay: number
  at: number
  isRef = true
  readonly #run: (timer: SimulatedTimer) => void

  constructor ({ owner, label, delay, at, run }: { owner: object | undefined, label: string, delay: number, at: number, run: (timer: SimulatedTimer) => void }) {
    this.owner = owner
    this.label = label
    this.delay = delay
    this.at = at
    this.#run = run
  }

  ref (): this {
    this.isRef = true
    return this
  }

  unref (): this {
    this.isRef = false
    return this
  }

  hasRef (): boolean {
    return this.isRef
  }

  run (): void {
    this.#run(this)
  }
}

/**
 * Virtual time. @sinonjs/fake-timers runs timers that are due at the same time in the order in which they were made, always, and knows of no
 * processes of which one ends. Here the schedule decides what runs next, and a process takes its timers with it.
 */
export class Clock {
  /** Milliseconds since the schedule began: what `performance.now` says. */
  now = 0
  /** What has to be added to it for `Date.now`. */
  offset = START
  /** The process that owns timers made from now on. */
  owner: object | undefined
  /** Processes that stand still: their timers do not run. */
  readonly stopped = new Set<object | undefined>()
  #timers: SimulatedTimer[] = []
  #immediates: SimulatedTimer[] = []

  date (): number {
    return Math.floor(this.now) + this.offset
  }

  setTimeout (callback: Callback, given: number | undefined, args: unknown[], label = 'timer'): SimulatedTimer {
    return this.#add(callback, given, args, { label, repeats: false })
  }

  setInterval (callback: Callback, given: number | undefined, args: unknown[]): SimulatedTimer {
    return this.#add(callback, given, args, { label: 'interval', repeats: true })
  }

  /** As Node does: a delay is a whole number of milliseconds, and at least 1. */
  #add (callback: Callback, given = 1, args: unknown[], { label, repeats }: { label: string, repeats: boolean }): SimulatedTimer {
    const delay = given >= 1 && given <= LONGEST_DELAY ? Math.trunc(given) : 1
    const run = (timer: SimulatedTimer) => {
      if (repeats) timer.at = this.now + delay
      else this.clear(timer)
      callback(...args)
    }
    const timer = new SimulatedTimer({ owner: this.owner, label, delay, at: this.now + delay, run })
    this.#timers.push(timer)
    return timer
  }

  setImmediate (callback: Callback, args: unknown[]): SimulatedTimer {
    const run = (immediate: SimulatedTimer) => {
      this.clear(immediate)
      callback(...args)
    }
    const immediate = new SimulatedTimer({ owner: this.owner, label: 'immediate', delay: 0, at: this.now, run })
    this.#immediates.push(immediate)
    return immediate
  }

  clear (timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer)
    this.#immediates = this.#immediates.filter((other) => other !== timer)
  }

  /** A process has ended. */
  forget (owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner)
    this.#immediates = this.#immediates.filter((timer) => timer.owner !== owner)
  }

  /** The timers of a process that would keep it from ending. Immediates have their turn, and are gone. */
  left (owner: object): SimulatedTimer[] {
    return this.#timers.filter((timer) => timer.owner === owner && timer.isRef)
  }

  /** When the next timer is due. */
  next (): number | undefined {
    const times = this.#timers.filter(({ owner }) => !this.stopped.has(owner)).map(({ at }) => at)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /**
   * What may run now, in an order that Node does not promise: of each process, the oldest immediate, and of its timers with the earliest
   * time, the oldest of each delay.
   */
  due (): SimulatedTimer[] {
    const due: SimulatedTimer[] = []
    for (const immediate of this.#immediates) if (!due.some(({ owner }) => owner === immediate.owner)) due.push(immediate)
    for (const timer of this.#timers) {
      if (timer.at > this.now) continue
      const others = this.#timers.filter(({ owner, at }) => owner === timer.owner && at <= this.now)
      const first = Math.min(...others.map(({ at }) => at))
      if (timer.at === first && others.find(({ at, delay }) => at === first && delay === timer.delay) === timer) due.push(timer)
    }
    return due
  }
}
