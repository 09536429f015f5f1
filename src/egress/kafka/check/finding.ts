/**
 * What a check found out about one thing.
 *
 * - `ok`: as needed
 * - `note`: not needed for publishing, or not to be found out
 * - `differs`: it can be mended by `streamvane topics apply` or `schemas register`, or is not as configured
 * - `lacks`: publishing would be refused
 */
export type Finding = Readonly<{
  /** As `topic genesys.queue-metrics`. */
  what: string
  state: 'ok' | 'note' | 'differs' | 'lacks'
  says: string
  /** The command or setting that mends it. */
  mend?: string
}>

/** The command that grants a right, as an administrator of the cluster runs it. */
export const grant = (
  { brokers, principal }: Readonly<{ brokers: readonly string[]; principal: string }>,
  operation: string,
  resource: readonly string[],
): string =>
  `kafka-acls --bootstrap-server ${brokers[0] ?? ''} --command-config admin.properties --add ` +
  `--allow-principal '${principal}' --operation ${operation} ${resource.join(' ')}`
