import type { Types } from '@prisma/client/runtime/client'
import { sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import Fastify from 'fastify'
import { CompiledQuery } from 'kysely'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { describe, expect, test } from 'tstyche'
import webhooks from 'fastify-oneroute-webhooks'
import type { CompleteIn, WebhookContext } from 'fastify-oneroute-webhooks'

/** What clients that Prisma generates have in common. */
interface Transaction { $executeRawUnsafe (sql: string, ...values: unknown[]): Types.Public.PrismaPromise<number> }
interface PrismaClient { $transaction (run: (tx: Transaction) => Promise<void>): Promise<void> }

const app = Fastify()
await app.register(webhooks)

describe('context.completeIn', () => {
  test('is there for listeners of every name, and resolves to nothing', () => {
    expect<WebhookContext['completeIn']>().type.toBe<(execute: CompleteIn) => Promise<void>>()
    const execute = async () => await Promise.resolve({ rows: [] })
    app.webhooks.on('newMessage', (_event, context) => { expect(context.completeIn(execute)).type.toBe<Promise<void>>() })
    app.webhooks.once('smsDeliveryReport', (_event, context) => { expect(context.completeIn(execute)).type.toBe<Promise<void>>() })
    app.webhooks.on('event', (_event, context) => { expect(context.completeIn(execute)).type.toBe<Promise<void>>() })
    app.webhooks.on('unknown', (_event, context) => { expect(context.completeIn(execute)).type.toBe<Promise<void>>() })
    app.webhooks.on('invalid', (_event, context) => { expect(context.completeIn(execute)).type.toBe<Promise<void>>() })
  })

  // The calls are those of the pages: test/code-blocks/save.test.ts compares them.
  test('takes what runs a statement with pg', () => {
    void (async (client: pg.PoolClient, context: WebhookContext) => {
      await context.completeIn((sql, values) => client.query(sql, values))
    })
  })

  test('takes what runs a statement with Kysely', () => {
    void (async (db: Kysely<unknown>, context: WebhookContext) => {
      await db.transaction().execute(async (tx) => {
        await context.completeIn((sql, values) => tx.executeQuery(CompiledQuery.raw(sql, values)))
      })
    })
  })

  test('takes what runs a statement with Drizzle', () => {
    void (async (db: NodePgDatabase, context: WebhookContext) => {
      await db.transaction(async (tx) => {
        await context.completeIn((text, values) => tx.execute(sql(Object.assign(text.split(/\$\d/), { raw: [] }), ...values)))
      })
    })
  })

  test('takes what runs a statement with Prisma', () => {
    void (async (db: PrismaClient, context: WebhookContext) => {
      await db.$transaction(async (tx) => {
        await context.completeIn((sql, values) => tx.$executeRawUnsafe(sql, ...values))
      })
    })
  })

  test('takes nothing else', () => {
    expect<CompleteIn>().type.toBe<(sql: string, values: string[]) => PromiseLike<object | number>>()
    expect<CompleteIn>().type.not.toBeAssignableFrom(async (_sql: string, _values: string[]) => {})
    expect<CompleteIn>().type.not.toBeAssignableFrom((statement: { text: string }) => statement)
    expect<WebhookContext['completeIn']>().type.not.toBeCallableWith()
    expect<WebhookContext['completeIn']>().type.not.toBeCallableWith('COMMIT')
  })
})
