import { Option, type Command } from 'commander'
import { adminRoles, type AdminRole } from '../../app/config/admin-schema.js'
import { isTenant } from '../../domain/stream-name.js'
import { openApi } from '../../http/admin/openapi/document.js'
import { operations } from '../../http/admin/operations/table.js'
import { command, commandGroup, type CommonFlags } from '../command/command.js'
import { configOf } from '../command/context.js'
import { UsageError } from '../command/exit.js'
import { printNewToken } from '../command/new-token.js'
import { summaries } from '../command/summaries.js'
import { callCommand } from './call.js'
import { version } from '../version.js'

export const adminCommand = (): Command => {
  const group = commandGroup('admin', summaries.admin)
  const tokens = commandGroup('token', 'make tokens for the admin API')
  tokens.addCommand(createCommand())
  group.addCommand(tokens)
  group.addCommand(callCommand())
  group.addCommand(openApiCommand())
  return group
}

type CreateFlags = CommonFlags &
  Readonly<{ name: string; role: readonly AdminRole[]; expires?: string; json?: boolean }>

const createCommand = (): Command =>
  command('create', 'make a token: printed once, with the entry for the configuration, which holds only its hash', [
    'streamvane admin token create --name grafana --role viewer --tenant acme',
    'streamvane admin token create --name jane --role operator --role auditor --expires 2027-01-01',
  ])
    .requiredOption('--name <name>', 'who uses it; stands in the audit log')
    .addOption(
      new Option('--role <role...>', 'what it may do; several are possible').choices(adminRoles).makeOptionMandatory(),
    )
    .option('--expires <instant>', 'when it ceases to be valid (default: never)')
    .option('--json', 'as JSON')
    .action(async (flags: CreateFlags) => {
      const tenant = flags.tenant ?? (await configOf(flags)).tenant
      if (!isTenant(tenant)) throw new UsageError(`--tenant ${tenant}: lower-case letters, digits, - and _ only`)
      const rights = { roles: [...new Set(flags.role)], tenants: [tenant] }
      printNewToken(flags, rights, (entry) => ({ admin: { tokens: [entry] } }))
    })

const openApiCommand = (): Command =>
  command('openapi', 'print the OpenAPI 3.1 document of the admin API', [
    'streamvane admin openapi > openapi.json',
  ]).action(() => {
    console.log(JSON.stringify(openApi(operations, version()), null, 2))
  })
