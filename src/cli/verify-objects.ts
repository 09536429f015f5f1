import type { ObjectsVerification } from '../app/operations/verify/objects/verify-objects.js'
import { countText } from './command/figures.js'

/** What `verify --objects` says of a sink. */
export const objectsText = (sink: string, found: ObjectsVerification): string => {
  const { versions, objects, otherGenerations, unlisted, publishedThrough, differences, first, isStopped } = found
  return [
    ...(first === null
      ? []
      : [
          `first difference: marker ${first.number} of ${first.interval} is ${first.kind}: ${first.what}` +
            (first.key === null ? '' : ` (${first.key})`),
        ]),
    `sink ${sink}: ${countText(versions)} versions of intervals and ${countText(objects)} objects compared with the KPI log, which is published through revision ${publishedThrough}`,
    differences === 0
      ? 'no difference'
      : `${countText(differences)} ${differences === 1 ? 'difference' : 'differences'}`,
    ...(otherGenerations === 0
      ? []
      : [`${countText(otherGenerations)} versions of other generations were not compared`]),
    ...(unlisted === null || unlisted.length === 0
      ? []
      : [
          `${countText(unlisted.length)} objects are listed nowhere, the first is ${unlisted[0] ?? ''}: nothing counts them`,
        ]),
    ...(isStopped ? ['stopped before the end'] : []),
  ].join('\n')
}
