import { InvalidArgumentError, Option, type Command } from 'commander'
import {
  byResource,
  confluentCommands,
  kafkaAclsCommands,
  principalOfRole,
  strimziUsers,
  UnfitName,
  type Granted,
} from '../app/kafka-acls/formats.js'
import { kafkaRoles } from '../app/kafka-acls/roles.js'
import { unreachable } from '../domain/unreachable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf } from './command/context.js'
import { UsageError } from './command/exit.js'
import { printTable } from './command/table.js'

const formats = ['table', 'kafka-acls', 'confluent', 'strimzi'] as const

type Flags = CommonFlags &
  Readonly<{
    role?: readonly string[]
    principal?: string
    brokerVersion?: readonly [number, number]
    format: (typeof formats)[number]
    json?: boolean
  }>

export const topicsAclsCommand = (): Command =>
  command('acls', 'print the rights on Kafka that each role of this configuration needs, and no more; asks no broker', [
    'streamvane topics acls --config streamvane.yaml',
    "streamvane topics acls --format kafka-acls --role 'egress kafka' --principal User:streamvane",
    'streamvane topics acls --format strimzi > kafka-users.yaml',
  ])
    .option('--role <name...>', "only these roles, as 'egress kafka' (default: all)")
    .option(
      '--principal <name>',
      'whom the cluster knows in the roles, as User:streamvane (default: one for each role)',
    )
    .option('--broker-version <version>', 'of the oldest broker, as 2.7 (default: 2.8 or later)', versionOf)
    .addOption(
      new Option('--format <format>', 'a table, or what Kafka, Confluent Cloud or Strimzi take')
        .choices(formats)
        .default('table'),
    )
    .option('--json', 'one JSON object a right')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const roles = kafkaRoles(config, flags.brokerVersion && { brokerVersion: flags.brokerVersion })
      if (roles.length === 0)
        throw new UsageError(
          'nothing of this configuration connects to Kafka: set KAFKA_BROKERS, or egress.kafka.brokers',
        )
      const unknown = flags.role?.find((name) => !roles.some((role) => role.name === name))
      if (unknown !== undefined)
        throw new UsageError(`--role ${unknown}: there are ${roles.map(({ name }) => name).join(', ')}`)
      const granted = roles
        .filter(({ name }) => flags.role?.includes(name) ?? true)
        .map((role): Granted => ({ role, principal: flags.principal ?? principalOfRole(config.tenant, role) }))
      if (flags.json === true) printJson(granted)
      else print(granted, flags.format)
    })

const versionOf = (text: string): readonly [number, number] => {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+)*$/.exec(text) ?? []
  if (major === undefined || minor === undefined) throw new InvalidArgumentError('Expected a version, as 2.7.')
  return [Number(major), Number(minor)]
}

const printJson = (granted: readonly Granted[]): void => {
  for (const { role, principal } of granted)
    for (const acl of role.acls) console.log(JSON.stringify({ role: role.name, principal, ...acl }))
}

const print = (granted: readonly Granted[], format: Flags['format']): void => {
  switch (format) {
    case 'table':
      return printAsTable(granted)
    case 'kafka-acls':
      return printCommands(granted, kafkaAclsCommands)
    case 'confluent':
      return printCommands(granted, confluentCommands)
    case 'strimzi':
      return printUsers(granted)
    default:
      return unreachable(format)
  }
}

const printAsTable = (granted: readonly Granted[]): void => {
  for (const { role, principal } of granted) console.log(`${role.name}: ${role.used}; as ${principal}`)
  printTable({
    columns: [
      { head: 'role', narrow: 'wrap', min: 8 },
      { head: 'operations', narrow: 'wrap', min: 10 },
      { head: 'on', narrow: 'wrap', min: 20 },
      { head: 'because', narrow: 'wrap', min: 20 },
    ],
    rows: granted.flatMap(({ role }) =>
      byResource(role.acls).map(({ operations, resource, name, pattern, why }) => [
        role.name,
        operations.join(', '),
        `${resource} ${name}${pattern === 'prefixed' ? '*' : ''}`,
        why,
      ]),
    ),
  })
}

const printCommands = (granted: readonly Granted[], commandsOf: (granted: Granted) => readonly string[]): void => {
  for (const each of granted) {
    console.log(`# ${each.role.name}: ${each.role.used}`)
    for (const line of commandsOf(each)) console.log(line)
  }
}

const printUsers = (granted: readonly Granted[]): void => {
  try {
    console.log(strimziUsers(granted).trimEnd())
  } catch (cause) {
    if (cause instanceof UnfitName) throw new UsageError(cause.message)
    throw cause
  }
}
