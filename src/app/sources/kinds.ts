import { genesysKind } from './genesys.js'
import { kafkaKind } from './kafka.js'
import { rabbitmqKind } from './rabbitmq.js'
import { serviceBusKind } from './service-bus.js'
import { sqsKind } from './sqs.js'
import { packageSource } from '../plugins/package-kinds.js'
import { isPackage } from '../plugins/resolve-package.js'
import type { SourceKind } from './source-kind.js'

/** Every kind of source that comes with Streamvane. A new one is an entry here and a folder in src/ingress. */
export const sourceKinds: readonly SourceKind<unknown>[] = [
  genesysKind,
  kafkaKind,
  rabbitmqKind,
  serviceBusKind,
  sqsKind,
]

/** The kind of this name, or of this package. */
export const sourceKindOf = (use: string): SourceKind<unknown> => {
  if (isPackage(use)) return packageSource(use)
  const kind = sourceKinds.find((each) => each.use === use)
  if (kind === undefined) throw new Error(`there is no kind of source ${use}`)
  return kind
}
