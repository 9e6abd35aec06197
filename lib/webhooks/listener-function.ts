/** A listener, or a collector. Whoever calls it knows what it takes, and that `this` is the emitter. */
export type ListenerFunction = (...given: never[]) => unknown
