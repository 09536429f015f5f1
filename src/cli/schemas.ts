import * as E from 'fp-ts/lib/Either.js'
import { Argument, Option, type Command } from 'commander'
import { markersIn, namesTopicIn, topicsIn, type KafkaSettings } from '../app/config/sinks/egress-schema.js'
import { kafkaSinks } from '../app/config/sinks/egress-sinks.js'
import type { Config } from '../app/config/schema.js'
import { registryOf } from '../app/sinks/open-kafka.js'
import { rowCodec } from '../contract/row-codec.js'
import { statementNames } from '../contract/schema/completeness-schema.js'
import { NAME_RECORD } from '../contract/schema/name-schema.js'
import { contractSchema, contractSchemas, type RecordName } from '../contract/schema/contract-schemas.js'
import { checkReleased, releasedReaders, type ReleaseCheck } from '../contract/schema/released-check.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import type { RegistryOptions } from '../egress/kafka/options.js'
import { checkSubjects, type SubjectCheck } from '../egress/kafka/registry/schema-check.js'
import { registerSchemas } from '../egress/kafka/registry/schema-registration.js'
import {
  nameSubject,
  schemaIdKey,
  statementSchemas,
  subjectSchemas,
  type SubjectSchema,
} from '../egress/kafka/registry/subjects.js'
import type { RowFilter, SinkFailure } from '../egress/sink.js'
import { command, commandGroup, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { recordedAfter, withOperator, type OperatorFlags } from './command/operator.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{
    family?: readonly FamilyName[]
    registry?: boolean
    history?: boolean
    dryRun?: boolean
    json?: boolean
  }>

/** The schema registry refuses. The message says how to mend it. */
class SchemasRefused extends Error {
  override readonly name = 'SchemasRefused'
}

/** The schema registry does not answer; trying again may help. */
class SchemasFailed extends Error {
  override readonly name = 'SchemasFailed'
}

export const schemasCommand = (): Command => {
  const group = commandGroup('schemas', summaries.schemas)
  group.addCommand(
    withFamilies(
      'check',
      'compare the schemas of this version with those of all releases, and with what the registry holds; changes nothing. ' +
        'Exit code 4: incompatible (not FULL_TRANSITIVE); 5: compatible, and not registered yet',
      ['streamvane schemas check --no-registry', 'SCHEMA_REGISTRY_URL=http://localhost:8081 streamvane schemas check'],
    )
      .option('--no-registry', 'compare with the releases alone')
      .option('--json', 'one JSON object a schema')
      .action(async (flags: Flags) => {
        const released = checkReleased(contractSchemas(flags.family ?? familyNames))
        const subjects = flags.registry === false ? [] : await checkedSubjects(flags)
        for (const check of released) console.log(flags.json === true ? JSON.stringify(check) : releaseSentence(check))
        for (const check of subjects) console.log(flags.json === true ? subjectJson(check) : subjectSentence(check))
        if ([...released, ...subjects].some(({ problems }) => problems.length > 0)) process.exitCode = EXIT.refused
        else if (subjects.some(({ id }) => id === undefined)) process.exitCode = EXIT.differences
      }),
  )
  group.addCommand(
    withOperator(
      withFamilies('register', 'register the schemas of this version under the subjects of their topics', [
        'SCHEMA_REGISTRY_URL=http://localhost:8081 streamvane schemas register --dry-run',
        'streamvane schemas register --config streamvane.yaml --history',
      ]),
    )
      .option('--history', 'those of earlier versions too, with which older rows of the log are published')
      .option('--dry-run', 'only say what would be registered, as `check` does')
      .option('--json', 'one JSON object a schema')
      .action(async (flags: Flags) => {
        const operation = { operation: 'schemas register', details: { families: flags.family, history: flags.history } }
        await withContext('schemas register', await configOf(flags), (context) =>
          recordedAfter(context, flags, operation, async (note) => {
            const checks = await checkedSubjects(flags)
            const ids = new Map<string, number>()
            const isBad = checks.some(({ problems }) => problems.length > 0)
            if (flags.dryRun !== true && !isBad) {
              for (const { registry, schemas } of await targetsOf(flags))
                succeed(await registerSchemas(registry, schemas, ids))
            }
            for (const check of checks) {
              const id = ids.get(schemaIdKey(check.subject, check.fingerprint))
              if (flags.json === true) console.log(subjectJson({ ...check, id: id ?? check.id }))
              else console.log(registeredSentence(check, id))
            }
            const isNew = (check: SubjectCheck): boolean =>
              check.id === undefined && ids.has(schemaIdKey(check.subject, check.fingerprint))
            note({
              summary: {
                registered: checks.filter(isNew).map(({ subject, fingerprint }) => `${subject} ${fingerprint}`),
              },
            })
            return isBad ? EXIT.refused : EXIT.ok
          }),
        )
      }),
  )
  group.addCommand(
    command('show', 'print the Avro schema of a record, or which schemas publishing needs under which subjects', [
      'streamvane schemas show',
      'streamvane schemas show queue > queue.avsc',
    ])
      .addArgument(
        new Argument('[record]', 'a family, a marker, or name').choices([
          ...familyNames,
          ...statementNames,
          NAME_RECORD,
        ]),
      )
      .action(async (name: RecordName | undefined, flags: Flags) => {
        if (name !== undefined) return console.log(JSON.stringify(contractSchema(name).published, null, 2))
        const lines = destinationsOf(await configOf(flags)).flatMap((destination) =>
          schemasOf(destination, familyNames, false).map(({ subject, fingerprint }) => `${fingerprint}  ${subject}`),
        )
        for (const line of new Set(lines)) console.log(line)
      }),
  )
  return group
}

const withFamilies = (name: string, description: string, examples: readonly string[]): Command =>
  command(name, description, examples).addOption(
    new Option('--family <names...>', 'of these families (default: those of the profile)').choices(familyNames),
  )

type Target = Readonly<{ registry: RegistryOptions; schemas: readonly SubjectSchema[] }>

/** The registries of the configuration, and the schemas that publishing needs there. */
const targetsOf = async (flags: Flags): Promise<readonly Target[]> => {
  const config = await configOf(flags)
  const targets = destinationsOf(config).flatMap((destination): readonly Target[] => {
    const { registry } = destination.settings
    if (registry === undefined) return []
    const schemas = schemasOf(destination, flags.family ?? config.profile.families, flags.history === true)
    return [{ registry: registryOf(registry), schemas }]
  })
  if (targets.length === 0)
    throw new UsageError(
      'no schema registry is configured: set SCHEMA_REGISTRY_URL or egress.kafka.registry.url (`check --no-registry` needs none)',
    )
  return targets
}

type Destination = Readonly<{ settings: KafkaSettings; filter: RowFilter }>

/** The Kafka sinks of the list; without a list `egress.kafka`, which need not be in use yet. */
const destinationsOf = ({ egress }: Config): readonly Destination[] =>
  egress.sinks === undefined
    ? [{ settings: egress.kafka, filter: {} }]
    : kafkaSinks(egress).filter(({ settings }) => settings.format === 'avro')

const schemasOf = (
  { settings: kafka, filter }: Destination,
  of: readonly FamilyName[],
  withHistory: boolean,
): readonly SubjectSchema[] => {
  const topics = topicsIn(kafka)
  const families = of.filter((family) => filter.families?.includes(family) ?? true)
  const readers = [...(withHistory ? releasedReaders(families) : []), ...families.map(rowCodec)]
  const markers = markersIn(kafka)
  const namesTopic = namesTopicIn(kafka)
  return [
    ...subjectSchemas(topics, kafka.registry?.subjects, readers),
    ...families.flatMap((family) => statementNames.flatMap((name) => statementSchemas(topics, markers, family, name))),
    ...(namesTopic === undefined ? [] : [nameSubject(namesTopic, kafka.registry?.subjects)]),
  ]
}

const checkedSubjects = async (flags: Flags): Promise<readonly SubjectCheck[]> => {
  const checks: SubjectCheck[] = []
  for (const { registry, schemas } of await targetsOf(flags))
    checks.push(...succeed(await checkSubjects(registry, schemas)))
  return checks
}

const succeed = <A>(result: E.Either<SinkFailure, A>): A => {
  if (E.isRight(result)) return result.right
  if (result.left.tag === 'Refused') throw new SchemasRefused(result.left.reason)
  throw new SchemasFailed(
    result.left.tag === 'NotConnected' && result.left.cause instanceof Error
      ? result.left.cause.message
      : 'the schema registry does not answer',
  )
}

const releaseSentence = ({ name, fingerprint, compared, problems }: ReleaseCheck): string =>
  problems.length === 0
    ? `${name}: ${fingerprint} is compatible with all ${compared} released schemas`
    : problems
        .map(
          ({ kind, reason, released }) =>
            `${name}: INCOMPATIBLE with the released schema ${released}: ${kind}: ${reason}`,
        )
        .join('\n')

const subjectJson = ({ id, level, ...check }: SubjectCheck): string =>
  JSON.stringify({ ...check, id: id ?? null, level: level ?? null })

const subjectSentence = ({ subject, fingerprint, id, versions, level, problems }: SubjectCheck): string => {
  if (problems.length > 0) return problems.map((problem) => `${subject}: INCOMPATIBLE: ${problem}`).join('\n')
  const holds = `${versions} ${versions === 1 ? 'version' : 'versions'}, level ${level ?? 'unknown'}`
  return id === undefined
    ? `${subject}: ${fingerprint} is not registered (${holds})`
    : `${subject}: ${fingerprint} is registered as ${id} (${holds})`
}

const registeredSentence = (check: SubjectCheck, id: number | undefined): string =>
  check.problems.length > 0 || id === undefined || check.id !== undefined
    ? subjectSentence(check)
    : `${check.subject}: ${check.fingerprint} was registered as ${id}`
