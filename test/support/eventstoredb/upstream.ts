/**
 * Test support: a real EventStoreDB behind the faulty server. Messages pass unchanged except for the names of streams,
 * which are each test's own.
 */
import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { connectEventStoreDb, cancelCall } from '../../../src/log/eventstoredb/client/connection.js'
import type { BatchCall } from '../../../src/log/eventstoredb/client/connection.js'
import { eventStoreDbClient } from '../../../src/log/eventstoredb/client/client.js'
import { internalsOf, streamsService } from '../../../src/log/eventstoredb/client/client-internals.js'
import type { StreamsClient } from '../../../src/log/eventstoredb/client/client-internals.js'
import { readAllRequest, streamIdentifier } from '../../../src/log/eventstoredb/client/wire.js'
import type { RecordedEvent } from '../../../src/log/event-log.js'
import { messagesOf } from '../../../src/log/eventstoredb/read/call.js'
import { readStreamEvents } from '../../../src/log/eventstoredb/read/read.js'
import type { Backend, Data, Held } from './data.js'
import { memoryData } from './memory.js'
import { nameOf } from './messages.js'
import { refused, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'

/** What the tests of the adapter run on: the server that `EVENTSTOREDB_URL` names, else a store in memory. */
export const dataToTest = (): Data => {
  const url = process.env['EVENTSTOREDB_URL'] ?? ''
  return url === '' ? memoryData() : realData(url)
}

const realData = (connectionString: string): Data => {
  const own = `t-${randomUUID()}.`
  const official = EventStoreDBClient.connectionString(connectionString)
  const connection = connectEventStoreDb({ connectionString, deadlineMs: 10_000 })
  const { internals } = internalsOf(eventStoreDbClient({ connectionString }))
  const log: OwnLog = { own, mark: `begin-${own}`, begin: beginningOf(official, `begin-${own}`) }
  const open = (request: ReadReq): Promise<RawCall> =>
    internals.GRPCStreamCreator(streamsService.StreamsClient, 'read', (grpc: StreamsClient) =>
      grpc.read(request, ...internals.callArguments({ requiresLeader: true }, { deadline: Infinity })),
    )()
  const heldOf = ({ id, stream, data, position }: RecordedEvent): Held => ({
    id,
    data,
    stream: stream.slice(own.length),
    commit: position,
  })
  const streamOf = async (stream: string): Promise<readonly Held[]> => {
    const held: Held[] = []
    for await (const events of readStreamEvents(connection, own + stream, {})) held.push(...events.map(heldOf))
    return held
  }
  const all = async (): Promise<readonly Held[]> => {
    const held: Held[] = []
    for await (const messages of messagesOf(connection, readAllRequest(await log.begin, [own])))
      for (const message of messages) if (message.kind === 'event') held.push(heldOf(message.event))
    return held
  }
  return {
    backend: () => upstream(connection, open, log),
    streamOf,
    all,
    tombstone: async (stream) => void (await official.tombstoneStream(own + stream)),
    expire: async (stream) =>
      void (await official.setStreamMetadata(own + stream, { truncateBefore: (await streamOf(stream)).length })),
    close: async () => {
      await Promise.all([official.dispose(), connection.close(), internals.dispose()])
    },
  }
}

type RawCall = AsyncIterable<ReadResp> & Readonly<{ cancel: () => void }>

/**
 * The part of a real server's log that is a test's own: streams that begin with `own`, after a record in the stream
 * `mark`. It begins there, however much others have left on the server.
 */
type OwnLog = Readonly<{ own: string; mark: string; begin: Promise<bigint> }>

const beginningOf = async (official: EventStoreDBClient, mark: string): Promise<bigint> => {
  const { position } = await official.appendToStream(mark, jsonEvent({ type: 'Begun', data: {} }))
  if (position === undefined) throw new Error('the server told no position')
  return position.commit
}

const upstream = (
  connection: ReturnType<typeof connectEventStoreDb>,
  open: (request: ReadReq) => Promise<RawCall>,
  log: OwnLog,
): Backend => {
  const { own, mark, begin } = log
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
      const opening = begin.then(() => connection.openBatch())
      const calling = opening.then((call: BatchCall) => {
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
      if (options.hasAll()) limitToOwn(options, log, await begin)
      const call = await open(request).catch((cause: unknown) => {
        throw refusalIn(cause)
      })
      const end = (): void => cancelCall(call)
      signal.addEventListener('abort', end)
      try {
        for await (const message of call) {
          if (nameOf(message.getEvent()?.getEvent()?.getStreamIdentifier()) === mark) continue
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

/**
 * The filter asked for, within what is ours, from where that begins. None was asked for: the end of the log is that of
 * ours, or the mark while there is nothing.
 */
const limitToOwn = (options: ReadReq.Options, { own, mark }: OwnLog, begin: bigint): void => {
  const all = options.getAll()!
  if (all.hasStart()) {
    const at = new streams.ReadReq.Options.Position().setCommitPosition(`${begin}`).setPreparePosition(`${begin}`)
    options.setAll(new streams.ReadReq.Options.AllOptions().setPosition(at))
  }
  const asked = options.getFilter()
  const prefixes = asked?.getStreamIdentifier()?.getPrefixList() ?? []
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  if (asked === undefined) expression.setPrefixList([own, mark])
  else expression.setPrefixList(prefixes.length > 0 ? prefixes.map((prefix) => own + prefix) : [own])
  const filter = asked ?? new streams.ReadReq.Options.FilterOptions().setMax(32).setCheckpointintervalmultiplier(1)
  options.setFilter(filter.setStreamIdentifier(expression))
}

const refusalIn = (cause: unknown): Error & Refusal =>
  cause instanceof Error && 'code' in cause ? (cause as Error & Refusal) : refused(UNAVAILABLE)
