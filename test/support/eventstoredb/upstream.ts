/**
 * Test support: a real EventStoreDB behind the faulty server. Messages pass unchanged except for the names of streams,
 * which are each test's own.
 */
import { randomUUID } from 'node:crypto'
import { EventStoreDBClient } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { connectEventStoreDb, cancelCall } from '../../../src/log/eventstoredb/client/connection.js'
import type { BatchCall } from '../../../src/log/eventstoredb/client/connection.js'
import { messagesOf } from '../../../src/log/eventstoredb/read/read.js'
import { readAllRequest, readStreamRequest, streamIdentifier } from '../../../src/log/eventstoredb/client/wire.js'
import type { Backend, Data, Held } from './data.js'
import { memoryData } from './memory.js'
import { isBackwards, nameOf } from './messages.js'
import { refused, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'

/** What the tests of the adapter run on: the server that `EVENTSTOREDB_URL` names, else a store in memory. */
export const dataToTest = (): Data => {
  const url = process.env['EVENTSTOREDB_URL'] ?? ''
  return url === '' ? memoryData() : realData(url)
}

const ALL = 2 ** 31 - 1

const realData = (connectionString: string): Data => {
  const own = `t-${randomUUID()}.`
  const official = EventStoreDBClient.connectionString(connectionString)
  const connection = connectEventStoreDb({ connectionString, deadlineMs: 10_000 })
  const read = async (request: ReadReq): Promise<readonly Held[]> => {
    const held: Held[] = []
    for await (const messages of messagesOf(connection, request))
      for (const message of messages) {
        const event = message.getEvent()?.getEvent()
        if (event === undefined) continue
        held.push({
          ...{
            id: event.getId()?.getString() ?? '',
            data: event.getData_asU8(),
            commit: BigInt(event.getCommitPosition()),
          },
          stream: nameOf(event.getStreamIdentifier()).slice(own.length),
        })
      }
    return held
  }
  const streamOf = (stream: string): Promise<readonly Held[]> =>
    read(readStreamRequest(own + stream, false, undefined, ALL))
  return {
    backend: () => upstream(connection, own),
    streamOf,
    all: () => read(readAllRequest(undefined, [own], ALL - 1)),
    tombstone: async (stream) => void (await official.tombstoneStream(own + stream)),
    expire: async (stream) =>
      void (await official.setStreamMetadata(own + stream, { truncateBefore: (await streamOf(stream)).length })),
    close: async () => {
      await Promise.all([official.dispose(), connection.close()])
    },
  }
}

const upstream = (connection: ReturnType<typeof connectEventStoreDb>, own: string): Backend => {
  const inside = (name: string): string => (name.startsWith('$$') ? `$$${own}${name.slice(2)}` : own + name)
  const outside = (name: string): string => name.replace(own, '')
  type Named = Readonly<{
    getStreamIdentifier: () => Parameters<typeof nameOf>[0]
    setStreamIdentifier: (to: shared.StreamIdentifier) => unknown
  }>
  const rename = (message: Named | undefined, to: (name: string) => string): void =>
    void message?.setStreamIdentifier(streamIdentifier(to(nameOf(message.getStreamIdentifier()))))

  return {
    batch: (answer, fail) => {
      let isOver = false
      const calling = connection.openBatch().then((call: BatchCall) => {
        call.on('data', (message) => isOver || answer(message))
        call.on('error', (cause) => isOver || fail(refusalIn(cause)))
        return call
      })
      calling.catch((cause: unknown) => isOver || fail(refusalIn(cause)))
      return {
        append: (messages) => {
          rename(messages[0]!.getOptions(), inside)
          calling.then(
            (call) => messages.forEach((message) => call.write(message)),
            () => undefined,
          )
        },
        end: () => {
          if (isOver) return
          isOver = true
          calling.then(cancelCall, () => undefined)
        },
      }
    },
    async *read(request, signal) {
      const options = request.getOptions()!
      rename(options.getStream(), inside)
      if (options.hasAll()) options.setFilter(ownOnly(options, own))
      const call = await connection.read(request).catch((cause: unknown) => {
        throw refusalIn(cause)
      })
      const end = (): void => cancelCall(call)
      signal.addEventListener('abort', end)
      try {
        for await (const message of call as unknown as AsyncIterable<ReadResp>) {
          rename(message.getEvent()?.getEvent(), outside)
          rename(message.getStreamNotFound(), outside)
          yield message
        }
      } catch (cause) {
        if (!signal.aborted) throw refusalIn(cause)
      } finally {
        signal.removeEventListener('abort', end)
        end()
      }
    },
    tombstone: async (stream) => {
      const options = new streams.TombstoneReq.Options()
        .setStreamIdentifier(streamIdentifier(inside(stream)))
        .setAny(new shared.Empty())
      await connection.tombstone(new streams.TombstoneReq().setOptions(options)).catch((cause: unknown) => {
        throw refusalIn(cause)
      })
    },
  }
}

/** The filter asked for, within what is ours. None was asked for: the end of the log is that of ours. */
const ownOnly = (options: ReadReq.Options, own: string): ReadReq.Options.FilterOptions => {
  const asked = options.getFilter()
  const prefixes = asked?.getStreamIdentifier()?.getPrefixList() ?? []
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  expression.setPrefixList(prefixes.length > 0 ? prefixes.map((prefix) => own + prefix) : [own])
  if (asked !== undefined) return asked.setStreamIdentifier(expression)
  const window = isBackwards(options) ? Number(options.getCount()) + 1 : 32
  return new streams.ReadReq.Options.FilterOptions()
    .setStreamIdentifier(expression)
    .setMax(window)
    .setCheckpointintervalmultiplier(1)
}

const refusalIn = (cause: unknown): Error & Refusal =>
  cause instanceof Error && 'code' in cause ? (cause as Error & Refusal) : refused(UNAVAILABLE)
