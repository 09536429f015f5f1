/** Test support: the version of a server, as it tells it. */
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import type { ServerFeaturesClient } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { internalsOf } from '../../../src/log/eventstoredb/client/client-internals.js'
import { eventStoreDbClient } from '../../../src/log/eventstoredb/client/client.js'

export const versionOf = async (connectionString: string): Promise<string> => {
  const { internals, channel } = internalsOf(eventStoreDbClient({ connectionString }))
  try {
    return await internals.execute(features.ServerFeaturesClient, 'features', (grpc: ServerFeaturesClient) => {
      const [metadata, options] = internals.callArguments({ requiresLeader: false, deadline: 10_000 })
      return new Promise<string>((resolve, reject) => {
        grpc.getSupportedMethods(new shared.Empty(), metadata!, options!, (error, answer) => {
          if (error === null) resolve(answer.getEventStoreServerVersion())
          else reject(error)
        })
      })
    })
  } finally {
    await internals.dispose()
    await channel()?.then(
      (each) => each.close(),
      () => undefined,
    )
  }
}
