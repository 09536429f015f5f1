/** `streamvane/sink`: what a package needs that brings a sink. The contract suite is `streamvane/sink/contract`. */
export { isLeft, isRight, left, right } from 'fp-ts/lib/Either.js'
export type { Either } from 'fp-ts/lib/Either.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
export { Secret } from '../credentials/secret.js'
export type { Destination } from '../egress/at-least-once/destination.js'
export { memoryProgress } from '../egress/at-least-once/memory-progress.js'
export type { ProgressStore } from '../egress/at-least-once/progress-store.js'
export { atLeastOnceSink, type AtLeastOnceOptions } from '../egress/at-least-once/sink.js'
export { recordIdentity, recordNames, type RecordNames } from '../egress/record-identity.js'
export { recordJson } from '../egress/record-values.js'
export {
  failureText,
  hasValue,
  isRow,
  type CutOver,
  type Delivery,
  type GenerationRecord,
  type LeftRecord,
  type MarkerRecord,
  type Progress,
  type ProgressCheck,
  type RowRecord,
  type Sink,
  type SinkBatch,
  type SinkFailure,
  type SinkRecord,
  type ValuedRecord,
  type Written,
} from '../egress/sink.js'
export { PORT, type PluginLogger, type SettingsSchema, type SinkPlugin, type SinkPluginContext } from './plugin.js'
