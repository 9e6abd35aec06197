import { setTimeout } from 'node:timers/promises'

/** Waits for what comes some time: the test's own time is the only limit. */
export async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await setTimeout(5)
}
