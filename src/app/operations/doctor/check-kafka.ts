import { kafkaSinks, type KafkaSinkSettings } from '../../config/sinks/egress-sinks.js'
import { connectionCheckOf } from '../../pipeline/egress/connection-check.js'
import { checkConnection } from '../../../egress/kafka/check/check-connection.js'
import { checkOpenTransactions } from '../../../egress/kafka/check/check-open-transactions.js'
import type { Finding } from '../../../egress/kafka/check/finding.js'
import { checkSubjects } from '../../../egress/kafka/registry/schema-check.js'
import { failureText } from '../../../egress/sink.js'
import { isLeft } from 'fp-ts/lib/Either.js'
import { failure, ok, warning, type Area, type Check, type Patient } from './check.js'

/** Reachable, rights, topics and their settings (as `topics check`), who publishes by our id, hanging transactions. */
export const checkBroker = (patient: Patient): Promise<readonly Check[]> =>
  eachSink(patient, 'broker', async (sink, { config, logger, now }) => {
    const { schemas: _, ...check } = connectionCheckOf(sink, config, logger)
    const findings = await checkConnection(check)
    return [...findings, ...(await checkOpenTransactions(check, now()))].map((finding) => checkOf('broker', finding))
  })

/** Whether the schemas of the families are registered and compatible. */
export const checkRegistry = (patient: Patient): Promise<readonly Check[]> =>
  eachSink(patient, 'registry', async (sink, { config, logger }) => {
    const { schemas } = connectionCheckOf(sink, config, logger)
    if (schemas === undefined) return [ok('registry', 'registry', 'not needed: values are JSON')]
    const checked = await checkSubjects(schemas.registry, schemas.wanted)
    if (isLeft(checked)) return [failure('registry', 'registry', failureText(checked.left), 'egress.kafka.registry')]
    const wrong = checked.right.flatMap(({ subject, problems }) =>
      problems.map((problem) => failure('registry', `subject ${subject}`, problem, 'streamvane schemas check')),
    )
    const missing = checked.right.filter(({ id, problems }) => id === undefined && problems.length === 0)
    const registered = checked.right.length - missing.length - new Set(wrong.map(({ what }) => what)).size
    return [
      ok(
        'registry',
        'registry',
        `${schemas.registry.url}: ${registered} of ${checked.right.length} schemas registered`,
      ),
      ...wrong,
      ...(missing.length === 0
        ? []
        : schemas.registry.autoRegister === true
          ? [ok('registry', 'missing schemas', `the egress registers ${missing.length} when it needs them`)]
          : [
              warning(
                'registry',
                'missing schemas',
                missing.map(({ subject }) => subject).join(', '),
                'streamvane schemas register',
              ),
            ]),
    ]
  })

const eachSink = async (
  patient: Patient,
  area: Area,
  check: (sink: KafkaSinkSettings, patient: Patient) => Promise<readonly Check[]>,
): Promise<readonly Check[]> => {
  const sinks = kafkaSinks(patient.config.egress)
  if (sinks.length === 0) return [ok(area, area, 'none is configured')]
  const checks: Check[] = []
  for (const sink of sinks) {
    const found = await check(sink, patient).catch((cause: unknown): readonly Check[] => [
      failure(area, area, (cause as Error).message, 'egress.kafka; streamvane topics check'),
    ])
    checks.push(...found.map((one) => (sinks.length === 1 ? one : { ...one, what: `${sink.name}: ${one.what}` })))
  }
  return checks
}

const checkOf = (area: Area, { what, state, says, mend }: Finding): Check => ({
  ...{ area, what, says },
  state: state === 'lacks' ? 'failure' : state === 'differs' ? 'warning' : 'ok',
  ...(mend !== undefined && state !== 'note' && { mend }),
})
