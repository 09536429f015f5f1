import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../../domain/canonical-json.js'
import { kafkaSinks } from '../../config/sinks/egress-sinks.js'
import { isLoopback, runProblems } from '../../config/runnable.js'
import { readGenerations } from '../../pipeline/generations.js'
import { allInOne } from '../../pipeline/pipeline-options.js'
import { ifThere } from '../../../log/if-there.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** Whether `run` would start with it, whether what is private stays private, and whether the live profile is this one. */
export const checkConfiguration = async (patient: Patient): Promise<readonly Check[]> => {
  const problems = runProblems(patient.config, allInOne).map((problem) =>
    failure('configuration', 'run', problem, 'streamvane config check'),
  )
  const checks = [
    ...problems,
    ...insecure(patient.config),
    ...(await openFolder(patient.config.data)),
    ...(await otherProfile(patient)),
  ]
  return checks.length > 0 ? checks : [ok('configuration', 'configuration', 'valid, and can be run')]
}

const insecure = ({ egress, log }: Patient['config']): readonly Check[] => [
  ...kafkaSinks(egress).flatMap(({ name, settings: kafka }) => {
    const far = kafka.brokers.filter((broker) => !isLoopback(broker.replace(/:\d+$/, '')))
    const { url } = kafka.registry ?? {}
    return [
      ...(kafka.ssl === false && far.length > 0
        ? [warning('configuration', `sink ${name}`, `rows go to ${far[0] ?? ''} without TLS`, 'egress.kafka.ssl: true')]
        : []),
      ...(url !== undefined && isPlainAndFar(url)
        ? [
            warning(
              'configuration',
              `sink ${name}`,
              'the registry is asked without TLS',
              'egress.kafka.registry.url: https://…',
            ),
          ]
        : []),
    ]
  }),
  ...(log.kind === 'eventstoredb' &&
  /[?&]tls=false/i.test(log.eventstoredb.connectionString) &&
  !isLoopback(hostOf(log.eventstoredb.connectionString))
    ? [
        warning(
          'configuration',
          'log',
          'EventStoreDB is spoken to without TLS',
          'log.eventstoredb.connectionString: …?tls=true',
        ),
      ]
    : []),
]

const isPlainAndFar = (url: string): boolean => {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname)
}

const hostOf = (connection: string): string => /:\/\/(?:[^@/]*@)?([^:,/?]+)/.exec(connection)?.[1] ?? ''

/** Raw events are personal data: other users of the machine need not read them. */
const openFolder = async (data: string): Promise<readonly Check[]> => {
  const folder = join(data, 'log')
  const mode = await stat(folder).then(
    (found) => found.mode,
    () => 0,
  )
  return (mode & 0o007) === 0
    ? []
    : [
        warning(
          'configuration',
          'data folder',
          `${folder} can be entered by every user of this machine`,
          `chmod o-rwx ${folder}`,
        ),
      ]
}

const otherProfile = async ({ config, logs }: Patient): Promise<readonly Check[]> => {
  const control = await ifThere(() => logs.control('reader'))
  const generations = control === undefined ? undefined : await readGenerations(control, config.tenant)
  const live = generations?.live === undefined ? undefined : generations.all[generations.live]
  if (live === undefined || canonicalJson(live.profile) === canonicalJson(config.profile)) return []
  return [
    warning(
      'configuration',
      'profile',
      `the live generation ${live.name} was computed by another profile than the configuration has`,
      'streamvane rebuild --promote',
    ),
  ]
}
