import { eventHubsKind } from './event-hubs.js'
import { filesKind } from './files.js'
import { kafkaKind } from './kafka.js'
import { azureBlobKind, s3Kind } from './objects.js'
import { powerBiKind } from './power-bi.js'
import { rabbitmqKind } from './rabbitmq.js'
import { pgliteKind, postgresqlKind } from './sql.js'
import { webhooksKind } from './webhooks.js'
import { packageSink } from '../plugins/package-kinds.js'
import { isPackage } from '../plugins/resolve-package.js'
import type { SinkKind } from './sink-kind.js'

/** Every kind of sink that comes with Streamvane. A new one is an entry here and a folder in src/egress. */
export const sinkKinds: readonly SinkKind<unknown>[] = [
  kafkaKind,
  filesKind,
  postgresqlKind,
  pgliteKind,
  rabbitmqKind,
  eventHubsKind,
  s3Kind,
  azureBlobKind,
  webhooksKind,
  powerBiKind,
]

/** The kind of this name, or of this package. */
export const kindOf = (use: string): SinkKind<unknown> => {
  if (isPackage(use)) return packageSink(use)
  const kind = sinkKinds.find((each) => each.use === use)
  if (kind === undefined) throw new Error(`there is no kind of sink ${use}`)
  return kind
}
