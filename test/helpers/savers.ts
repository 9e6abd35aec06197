import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { NewMessage, WebhookContext } from '../../index.ts'
import { prismaOf } from './prisma.ts'

/** Where the blocks of the page save: a message may be there more than once, if it is saved more than once. */
export const TABLE = 'CREATE TABLE messages (id text, content text)'

/** The block of each driver, and what it is given. */
const DRIVERS = {
  pg: { block: 'save.mjs', db: (pool: pg.Pool): unknown => pool },
  Kysely: { block: 'save-kysely.mjs', db: (pool: pg.Pool): unknown => new Kysely({ dialect: new PostgresDialect({ pool }) }) },
  Drizzle: { block: 'save-drizzle.mjs', db: (pool: pg.Pool): unknown => drizzle(pool) },
  Prisma: { block: 'save-prisma.mjs', db: prismaOf }
}

export type Driver = keyof typeof DRIVERS
export const drivers = Object.keys(DRIVERS) as Driver[] // as they are above

/** Saves a message, and completes the event, in one transaction. */
export type Save = (event: NewMessage, context: WebhookContext) => Promise<void>

/** As the page has it: the blocks are in this folder. */
export async function saverOf (driver: Driver, directory: string, pool: pg.Pool): Promise<Save> {
  const { block, db: make } = DRIVERS[driver]
  const { save } = await import(pathToFileURL(join(directory, block)).href) as { save: (db: unknown, ...args: Parameters<Save>) => Promise<void> } // as the block has it
  const db = make(pool)
  return async (event, context) => { await save(db, event, context) }
}
