/** Test support: EventStoreDB's answers from a store in memory. If versions differ, it is like the stricter one. */
import type { BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js'
import type { Backend, Data } from './data.js'
import type { Faults } from './faults.js'
import { batchDeleted, batchStored, batchWrong, expectedOf, nameOf, proposedOf } from './messages.js'
import { readMemory } from './memory-reads.js'
import { refused, streamDeleted } from './refusals.js'
import { eventStoreDbStore } from './store.js'
import type { AppendResult, Store } from './store.js'

export const memoryData = (store: Store = eventStoreDbStore()): Data => ({
  backend: (faults) => memoryBackend(store, faults),
  streamOf: async (stream) => store.streamOf(stream),
  all: async () => store.all.filter(({ stream }) => !stream.startsWith('$')),
  tombstone: async (stream) => store.tombstone(stream),
  expire: async (stream) => store.expire(stream),
  close: async () => {},
})

const memoryBackend = (store: Store, faults: Faults): Backend => {
  const batched = (messages: readonly BatchAppendReq[]): AppendResult => {
    const options = messages[0]!.getOptions()!
    const events = messages.flatMap((message) => message.getProposedMessagesList().map(proposedOf))
    return store.append(nameOf(options.getStreamIdentifier()), expectedOf(options), events)
  }
  return {
    batch: (answer) => ({
      append: (messages) => {
        const request = messages.at(-1)!
        const result = batched(messages)
        if ('deleted' in result) answer(batchDeleted(request))
        else
          answer(
            'wrong' in result
              ? batchWrong(request, result.wrong)
              : batchStored(request, result.revision, result.position),
          )
      },
      end: () => undefined,
    }),
    read: (request, signal) => readMemory(store, faults, request, signal),
    tombstone: async (stream) => {
      if (store.isDeleted(stream)) throw refused(streamDeleted(stream))
      store.tombstone(stream)
    },
  }
}
