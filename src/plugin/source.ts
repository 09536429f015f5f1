/** `streamvane/source`: what a package needs that brings a source. The contract suite is `streamvane/source/contract`. */
export { Secret } from '../credentials/secret.js'
export { NotIngested } from '../ingress/not-ingested.js'
export { emptyReceipt, type Receipt } from '../ingress/receipt.js'
export { reconnectingSource, type Link, type ReconnectingOptions } from '../ingress/reconnecting.js'
export {
  SourceRefused,
  type Batch,
  type Deliver,
  type RunningSource,
  type Source,
  type SourceEnd,
  type SourceHealth,
  type SourceLag,
} from '../ingress/source.js'
export { PORT, type PluginLogger, type SettingsSchema, type SourcePlugin, type SourcePluginContext } from './plugin.js'
