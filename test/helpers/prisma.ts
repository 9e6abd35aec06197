import { PrismaPg } from '@prisma/adapter-pg'
import { getPrismaClient } from '@prisma/client/runtime/client'
import type pg from 'pg'

type DataModel = Parameters<typeof getPrismaClient>[0]['runtimeDataModel']

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../generated"
}

datasource db {
  provider = "postgresql"
}

model messages {
  id      String  @id
  content String?
}
`

const field = (name: string) => ({ name, kind: 'scalar', type: 'String' })
const models = { messages: { fields: [field('id'), field('content')], dbName: null, schema: null } }

/** What is loaded by name has no types, and neither has WebAssembly without those of a browser. */
const load = async (file: string): Promise<unknown> => await import(`@prisma/client/runtime/query_compiler_fast_bg.postgresql.${file}`)
const { WebAssembly } = globalThis as unknown as { WebAssembly: { Module: new (code: Buffer) => object } }

/** What `prisma generate` writes for this schema. It is kept here, for to generate it anew, Prisma downloads a program. */
const Client = getPrismaClient({
  previewFeatures: [],
  clientVersion: '7.10.0',
  engineVersion: '0edf323efd1d98336f3f0a68684b56f689b900d3',
  activeProvider: 'postgresql',
  inlineSchema: SCHEMA,
  runtimeDataModel: { models, enums: {}, types: {} } as unknown as DataModel,
  parameterizationSchema: {
    strings: ['where', 'messages.findUnique', 'messages.findUniqueOrThrow', 'orderBy', 'cursor', 'messages.findFirst', 'messages.findFirstOrThrow', 'messages.findMany', 'data', 'messages.createOne', 'messages.createMany', 'messages.createManyAndReturn', 'messages.updateOne', 'messages.updateMany', 'messages.updateManyAndReturn', 'create', 'update', 'messages.upsertOne', 'messages.deleteOne', 'messages.deleteMany', 'having', '_count', '_min', '_max', 'messages.groupBy', 'messages.aggregate', 'AND', 'OR', 'NOT', 'id', 'content', 'equals', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'not', 'set'],
    graph: 'KwkQBRoAACMAMBsAAAQAEBwAACMAMB0BAAAAAR4BACUAIQEAAAABACABAAAAAQAgBRoAACMAMBsAAAQAEBwAACMAMB0BACQAIR4BACUAIQEeAAAmACADAAAABAAgAwAABQAwBAAAAQAgAwAAAAQAIAMAAAUAMAQAAAEAIAMAAAAEACADAAAFADAEAAABACACHQEAAAABHgEAAAABAQgAAAkAIAIdAQAAAAEeAQAAAAEBCAAACwAwAQgAAAsAMAIdAQAqACEeAQArACECAAAAAQAgCAAADgAgAh0BACoAIR4BACsAIQIAAAAEACAIAAAQACACAAAABAAgCAAAEAAgAwAAAAEAIA8AAAkAIBAAAA4AIAEAAAABACABAAAABAAgBBUAACcAIBYAACkAIBcAACgAIB4AACYAIAUaAAAaADAbAAAXABAcAAAaADAdAQAbACEeAQAcACEDAAAABAAgAwAAFgAwFAAAFwAgAwAAAAQAIAMAAAUAMAQAAAEAIAUaAAAaADAbAAAXABAcAAAaADAdAQAbACEeAQAcACEOFQAAIQAgFgAAIgAgFwAAIgAgHwEAAAABIAEAAAAEIQEAAAAEIgEAAAABIwEAAAABJAEAAAABJQEAAAABJgEAAAABJwEAAAABKAEAAAABKQEAIAAhDhUAAB4AIBYAAB8AIBcAAB8AIB8BAAAAASABAAAABSEBAAAABSIBAAAAASMBAAAAASQBAAAAASUBAAAAASYBAAAAAScBAAAAASgBAAAAASkBAB0AIQ4VAAAeACAWAAAfACAXAAAfACAfAQAAAAEgAQAAAAUhAQAAAAUiAQAAAAEjAQAAAAEkAQAAAAElAQAAAAEmAQAAAAEnAQAAAAEoAQAAAAEpAQAdACEIHwIAAAABIAIAAAAFIQIAAAAFIgIAAAABIwIAAAABJAIAAAABJQIAAAABKQIAHgAhCx8BAAAAASABAAAABSEBAAAABSIBAAAAASMBAAAAASQBAAAAASUBAAAAASYBAAAAAScBAAAAASgBAAAAASkBAB8AIQ4VAAAhACAWAAAiACAXAAAiACAfAQAAAAEgAQAAAAQhAQAAAAQiAQAAAAEjAQAAAAEkAQAAAAElAQAAAAEmAQAAAAEnAQAAAAEoAQAAAAEpAQAgACEIHwIAAAABIAIAAAAEIQIAAAAEIgIAAAABIwIAAAABJAIAAAABJQIAAAABKQIAIQAhCx8BAAAAASABAAAABCEBAAAABCIBAAAAASMBAAAAASQBAAAAASUBAAAAASYBAAAAAScBAAAAASgBAAAAASkBACIAIQUaAAAjADAbAAAEABAcAAAjADAdAQAkACEeAQAlACELHwEAAAABIAEAAAAEIQEAAAAEIgEAAAABIwEAAAABJAEAAAABJQEAAAABJgEAAAABJwEAAAABKAEAAAABKQEAIgAhCx8BAAAAASABAAAABSEBAAAABSIBAAAAASMBAAAAASQBAAAAASUBAAAAASYBAAAAAScBAAAAASgBAAAAASkBAB8AIQAAAAABKgEAAAABASoBAAAAAQAAAAADFQAGFgAHFwAIAAAAAxUABhYABxcACAECAQIDAQUGAQYHAQcIAQkKAQoMAgsNAwwPAQ0RAg4SBBETARIUARMVAhgYBRkZCQ'
  },
  compilerWasm: {
    getRuntime: async () => await load('mjs') as never,
    getQueryCompilerWasmModule: async () => new WebAssembly.Module(Buffer.from((await load('wasm-base64.mjs') as { wasm: string }).wasm, 'base64')),
    importName: './query_compiler_fast_bg.js'
  }
})

/** A client whose connections are those of the pool. */
export function prismaOf (pool: pg.Pool): unknown {
  return new Client({ adapter: new PrismaPg(pool) })
}
