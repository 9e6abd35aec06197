import type { FastifyBaseLogger } from 'fastify'

/** How far a migration is. */
export interface Progress {
  /** Whether it waits for the migration of another process. */
  readonly isWaiting: boolean
  /** The version of the schema. */
  readonly from: number
  /** The version that it is to have. */
  readonly to: number
  readonly seconds: number
}

export function logProgress (log: Pick<FastifyBaseLogger, 'info'>, schema: string): (progress: Progress) => void {
  return ({ isWaiting, ...progress }) => {
    if (isWaiting) log.info({ schema, ...progress }, 'another process brings the schema of the inbox up to date, and this one waits for it')
    else log.info({ schema, ...progress }, 'the schema of the inbox is being brought up to date')
  }
}
