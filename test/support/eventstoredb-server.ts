/**
 * Test support: a server that speaks EventStoreDB's protocol over an in-memory store, and misbehaves on command. It has no security, no cluster, no
 * system streams. Whatever passes here should be run against a real server too (`EVENTSTOREDB_URL`).
 */
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js'
import {
  batchError,
  batchStored,
  batchWrong,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  expectedOf,
  nameOf,
  notFoundMessage,
  proposedOf,
  storedMessage,
  wrongMessage,
} from './eventstoredb-messages.js'
import { eventStoreDbStore } from './eventstoredb-store.js'
import type { Expected, Proposed, Store, Stored } from './eventstoredb-store.js'

/** What goes wrong. Numbers count down with each occurrence. */
export type Faults = {
  /** Appends that are stored, but whose call breaks before the answer. */
  loseAnswers: number
  /** Appends that are neither stored nor answered. */
  swallow: number
  /** Answers to appends come so much later. */
  lateMs: number
  /** Every append is refused as a server does that may not write now. */
  readOnly: boolean
  /** Reading calls break after so many messages each, as long as `breakReads` lasts. */
  breakReads: number
  breakAfter: number
  /** Old servers tell no position when a stream is read. */
  hidesStreamPositions: boolean
  /** 20.6-era servers tell a wrong expected version as an error with trailers. */
  wrongAsError: boolean
}

export type EventStoreDbServer = Readonly<{
  connectionString: string
  store: Store
  faults: Faults
  /** How often each method was called. */
  calls: Readonly<Record<'features' | 'batch' | 'append' | 'read' | 'subscribe', number>>
  /** Breaks every call there is. */
  drop: () => void
  /** Away: connections refused, until `back`. */
  away: () => Promise<void>
  back: () => Promise<void>
  stop: () => Promise<void>
}>

export type ServerAbilities = Readonly<{ batchAppend?: boolean; serverFeatures?: boolean }>

type AnyCall = ServerWritableStream<ReadReq, ReadResp> | ServerDuplexStream<BatchAppendReq, BatchAppendResp>
const UNAVAILABLE = { code: status.UNAVAILABLE, details: 'the server misbehaves on command' }
const CHECKPOINT_EVERY = 16

export const startEventStoreDbServer = async ({
  batchAppend = true,
  serverFeatures = true,
}: ServerAbilities = {}): Promise<EventStoreDbServer> => {
  const store = eventStoreDbStore()
  const calls = { features: 0, batch: 0, append: 0, read: 0, subscribe: 0 }
  const open = new Set<AnyCall>()
  const faults: Faults = {
    loseAnswers: 0,
    swallow: 0,
    lateMs: 0,
    readOnly: false,
    breakReads: 0,
    breakAfter: 0,
    hidesStreamPositions: false,
    wrongAsError: false,
  }
  const takes = (fault: 'loseAnswers' | 'swallow' | 'breakReads'): boolean => faults[fault] > 0 && faults[fault]-- > 0
  const later = (act: () => void): void => void (faults.lateMs > 0 ? setTimeout(act, faults.lateMs) : act())

  const track = (call: AnyCall): void => {
    open.add(call)
    call.on('close', () => open.delete(call))
    call.on('error', () => open.delete(call))
    call.on('cancelled', () => open.delete(call))
  }

  const batch = (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    calls.batch += 1
    track(call)
    const parts = new Map<string, { stream: string; expected: Expected; events: Proposed[] }>()
    call.on('end', () => call.end())
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()!.getString()
      const options = request.getOptions()
      const part = parts.get(id) ?? { stream: nameOf(options!.getStreamIdentifier()), expected: expectedOf(options!), events: [] }
      parts.set(id, part)
      part.events.push(...request.getProposedMessagesList().map(proposedOf))
      if (!request.getIsFinal()) return
      parts.delete(id)
      if (takes('swallow')) return
      if (faults.readOnly) return void call.write(batchError(request, 'Unknown', new shared.Unknown().serializeBinary()))
      const result = store.append(part.stream, part.expected, part.events)
      if (takes('loseAnswers')) return void call.emit('error', UNAVAILABLE)
      later(() => call.write('wrong' in result ? batchWrong(request, result.wrong) : batchStored(request, result.revision)))
    })
  }

  const append = (call: ServerReadableStream<AppendReq, AppendResp>, answer: (error: object | null, value?: AppendResp) => void): void => {
    calls.append += 1
    const events: Proposed[] = []
    let options: AppendReq.Options | undefined
    call.on('data', (request: AppendReq) => {
      options ??= request.getOptions()
      const proposed = request.getProposedMessage()
      if (proposed !== undefined) events.push(proposedOf(proposed))
    })
    call.on('end', () => {
      if (takes('swallow')) return
      if (faults.readOnly) return answer(UNAVAILABLE)
      const result = store.append(nameOf(options!.getStreamIdentifier()), expectedOf(options!), events)
      if (takes('loseAnswers')) return answer(UNAVAILABLE)
      if ('wrong' in result && faults.wrongAsError) {
        const metadata = new Metadata()
        metadata.set('exception', 'wrong-expected-version')
        return answer({ code: status.FAILED_PRECONDITION, details: 'wrong expected version', metadata })
      }
      later(() => answer(null, 'wrong' in result ? wrongMessage(result.wrong) : storedMessage(result.revision)))
    })
  }

  const read = (call: ServerWritableStream<ReadReq, ReadResp>): void => {
    track(call)
    const options = call.request.getOptions()!
    const breaksAfter = takes('breakReads') ? faults.breakAfter : Infinity
    let sent = 0
    /** Whether the call still stands. */
    const send = (message: ReadResp): boolean => {
      if (!open.has(call)) return false
      if (sent++ < breaksAfter) return (call.write(message), true)
      open.delete(call)
      call.emit('error', UNAVAILABLE)
      return false
    }
    if (options.hasSubscription()) {
      calls.subscribe += 1
      return subscribe(call, options, send)
    }
    calls.read += 1
    const found = foundBy(store, options)
    if (found === 'not found') send(notFoundMessage(options.getStream()!))
    else
      for (const event of found)
        if (
          !send(
            eventMessage(
              options.hasStream() && faults.hidesStreamPositions ? { ...event, commit: 2n ** 64n - 1n, prepare: 2n ** 64n - 1n } : event,
            ),
          )
        )
          return
    if (breaksAfter !== Infinity) return void call.emit('error', UNAVAILABLE)
    call.end()
  }

  const subscribe = (call: AnyCall, options: ReadReq.Options, send: (message: ReadResp) => boolean): void => {
    const isWanted = filterOf(options)
    let next = firstOf(store.all, options, true)
    let unmatched = 0
    const advance = (): void => {
      for (; next < store.all.length; next++) {
        const event = store.all[next]!
        if (!isWanted(event)) {
          unmatched += 1
          if (unmatched % CHECKPOINT_EVERY === 0 && !send(checkpointMessage(event))) return
        } else if (!send(eventMessage(event))) return
      }
    }
    const deaf = store.onGrowth(() => (open.has(call) ? advance() : deaf()))
    if (send(confirmationMessage())) advance()
  }

  const supported = (_call: unknown, answer: (error: object | null, value?: unknown) => void): void => {
    calls.features += 1
    const method = new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName('batchappend')
    answer(null, new features.SupportedMethods().setEventStoreServerVersion('23.0.0').setMethodsList(batchAppend ? [method] : []))
  }

  const listen = async (at: number): Promise<Readonly<{ server: Server; port: number }>> => {
    const bytesMax = 32 * 1024 * 1024
    const server = new Server({ 'grpc.max_receive_message_length': bytesMax })
    server.addService(streamsGrpc.StreamsService, {
      read,
      append,
      ...(batchAppend ? { batchAppend: batch } : {}),
    })
    if (serverFeatures) server.addService(featuresGrpc.ServerFeaturesService, { getSupportedMethods: supported })
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${at}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
    return { server, port }
  }

  let running = await listen(0)
  const { port } = running
  const away = async (): Promise<void> => {
    open.clear()
    running.server.forceShutdown()
  }
  return {
    connectionString: `esdb://127.0.0.1:${port}?tls=false`,
    store,
    faults,
    calls,
    drop: () => {
      for (const call of [...open]) {
        open.delete(call)
        call.emit('error', UNAVAILABLE)
      }
    },
    away,
    back: async () => {
      running = await listen(port)
    },
    stop: away,
  }
}

const filterOf = (options: ReadReq.Options): ((event: Stored) => boolean) => {
  const expression = options.getFilter()?.getStreamIdentifier()
  if (expression === undefined) return () => true
  const prefixes = expression.getPrefixList()
  const regex = new RegExp(expression.getRegex())
  return ({ stream }) => (prefixes.length > 0 ? prefixes.some((prefix) => stream.startsWith(prefix)) : regex.test(stream))
}

/** Index in `$all` to begin at: the record at the position itself, or (subscriptions) the one behind it. */
const firstOf = (all: readonly Stored[], options: ReadReq.Options, isBehind: boolean): number => {
  const position = options.getAll()?.getPosition()
  if (position === undefined) return 0
  const at = BigInt(position.getCommitPosition())
  const index = all.findIndex(({ commit }) => (isBehind ? commit > at : commit >= at))
  return index < 0 ? all.length : index
}

const foundBy = (store: Store, options: ReadReq.Options): readonly Stored[] | 'not found' => {
  const count = Number(options.getCount())
  const isBackwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
  const of = options.getStream()
  if (of === undefined)
    return isBackwards
      ? store.all.slice(-count).reverse()
      : store.all
          .slice(firstOf(store.all, options, false))
          .filter(filterOf(options))
          .slice(0, count)
  const held = store.streamOf(nameOf(of.getStreamIdentifier()))
  if (held.length === 0) return 'not found'
  const from = of.hasRevision() ? Number(of.getRevision()) : isBackwards ? held.length - 1 : 0
  return isBackwards
    ? held
        .slice(0, from + 1)
        .reverse()
        .slice(0, count)
    : held.slice(from).slice(0, count)
}
