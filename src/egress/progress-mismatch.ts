/**
 * Why an egress must not go on from the progress that it finds at a destination:
 *
 * - `other-log`: it is the progress of another log, for example of another data folder.
 * - `other-history`: it is the progress of this log, but the log does not hold the event that was published last, for
 *   example because it was restored from an older copy.
 * - `other-tenant`: it is the progress of another tenant with the same transactional id, or in the same folder.
 * - `other-cluster`: it was written on another Kafka cluster.
 * - `other-destination`: it is that of another destination of a sink whose progress is kept in the log.
 * - `topic-recreated`: a topic was deleted and created again, so rows that were published are not there any more.
 * - `progress-missing`: there is no progress, although rows are published.
 */
export const progressMismatchCodes = [
  'other-log',
  'other-history',
  'other-tenant',
  'other-cluster',
  'other-destination',
  'topic-recreated',
  'progress-missing',
] as const
export type ProgressMismatchCode = (typeof progressMismatchCodes)[number]

/** `reason` says what does not match and what to do about it. An operator who knows better accepts the code. */
export type ProgressMismatch = Readonly<{ code: ProgressMismatchCode; reason: string }>

/** The mismatches that the operator has not accepted, as one text; `undefined` if there are none. */
export const refusalOf = (
  mismatches: readonly ProgressMismatch[],
  accepted: readonly ProgressMismatchCode[],
): string | undefined => {
  const left = mismatches.filter(({ code }) => !accepted.includes(code))
  return left.length === 0
    ? undefined
    : left
        .map(
          ({ code, reason }) =>
            `${reason} (to accept it: \`streamvane egress accept ${code} --why …\`, or \`streamvane run --accept-progress ${code}\`)`,
        )
        .join('. ')
}
