import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { destination, pino } from 'pino'
import type { Config } from '../../app/config/schema.js'
import { addressOfWriter } from '../../http/admin/client/address.js'
import { AdminCallFailed, callAdmin, downloadOf, pagesOf, type AdminTarget } from '../../http/admin/client/client.js'
import { trusting } from '../../http/admin/client/trust.js'
import { operations } from '../../http/admin/operations/table.js'
import { nearNames } from '../../domain/near-names.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { operatorOf, type OperatorFlags } from '../command/operator.js'
import { progressBar } from '../command/progress.js'
import { tokenOf } from '../command/token.js'
import { trustOf, type TrustFlags } from '../command/trust.js'

type Flags = CommonFlags & OperatorFlags & TrustFlags & Readonly<{ url?: string; tokenFile?: string; input?: string }>

export const callCommand = (): Command =>
  command('call', 'call an operation of the admin API of a running process, and wait for its result', [
    'streamvane admin call listStages                              # the process that runs on this data folder',
    'streamvane admin call importConfiguration --input body.json',
    'streamvane admin call exportAudit > acme.svaudit',
    'streamvane admin call verify from=2026-01-05 quick=true --url https://sv.example --token-file token',
  ])
    .argument('<operation>', 'its operationId in `streamvane admin openapi`')
    .argument('[input...]', 'members of its input, name=value; a value in JSON where it is no text')
    .option('--input <file>', 'its input as a JSON object; - is stdin')
    .option('--url <address>', 'where the API is (default: the process of this data folder that writes the raw log)')
    .option('--token-file <file>', 'a file with the token for --url (default: $STREAMVANE_ADMIN_TOKEN)')
    .option('--ca <file>', 'PEM file with the authorities of the server of --url (default: those that Node.js brings)')
    .option('--cert <file>', 'PEM file with a client certificate for --url')
    .option('--key <file>', 'PEM file with the private key of --cert')
    .option('--by <name>', 'who does it, where the token is that of the data folder')
    .option('--why <text>', 'the reason, for the audit log')
    .action(async (id: string, members: readonly string[], flags: Flags) => {
      const operation = operations.find((each) => each.id === id)
      if (operation === undefined) throw new UsageError(unknown(id))
      const config = await configOf(flags)
      const target = targetOf(flags, config)
      const input = inputOf(members, flags)
      const logger = pino({ level: config.logLevel, base: null }, destination({ dest: 2, sync: true }))
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      let bar: ReturnType<typeof progressBar> | undefined
      try {
        if (operation.kind === 'list')
          for await (const item of pagesOf(target, id, input)) console.log(JSON.stringify(item))
        else if (operation.kind === 'download')
          await pipeline(Readable.from(downloadOf(target, id, input)), process.stdout, { end: false })
        else {
          const result = await callAdmin(target, id, input, {
            signal: stop.signal,
            onProgress: ({ done, of }) => {
              bar ??= progressBar(id, of ?? undefined, { logger })
              bar.update(done)
            },
          })
          console.log(JSON.stringify(result, null, 2))
        }
      } catch (cause) {
        if (!(cause instanceof AdminCallFailed)) throw cause
        console.error(cause.message)
        process.exitCode = stop.signal.aborted ? EXIT.differences : exitCodeOf(cause)
      } finally {
        bar?.stop()
      }
    })

const unknown = (id: string): string => {
  const ids = operations.map((operation) => operation.id)
  const near = nearNames(id, ids, 1)
  return `there is no operation ${id}; ${near.length > 0 ? `did you mean ${near.join()}?` : `there are ${ids.join(', ')}`}`
}

const targetOf = (flags: Flags, { data, tenant }: Config): AdminTarget => {
  if (flags.url !== undefined) {
    if (!URL.canParse(flags.url))
      throw new UsageError(`--url ${flags.url} is no address; write it as https://host:8089`)
    const token = tokenOf(
      flags.tokenFile === undefined ? {} : { tokenFile: flags.tokenFile },
      process.env['STREAMVANE_ADMIN_TOKEN'],
      console.error,
    )
    if (token === undefined) throw new UsageError('--url needs a token: --token-file, or STREAMVANE_ADMIN_TOKEN')
    const trust = trustOf(flags)
    return { url: flags.url, token, tenant, ...(trust !== undefined && { dispatcher: trusting(trust) }) }
  }
  const address = addressOfWriter(data, tenant)
  if (address === undefined)
    throw new UsageError(
      `no process that runs on ${data} serves the admin API for tenant ${tenant}: start \`streamvane run\`, or say with --url where it is`,
    )
  return { ...address, tenant, by: operatorOf(flags).by }
}

const inputOf = (members: readonly string[], { input, why }: Flags): Readonly<Record<string, unknown>> => ({
  ...(input === undefined ? {} : objectIn(input)),
  ...Object.fromEntries(
    members.map((member) => {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(member) ?? []
      if (name === undefined || value === undefined) throw new UsageError(`${member} is not name=value`)
      return [name, /^(true|false|null|-?\d+(\.\d+)?|[[{].*)$/s.test(value) ? jsonOf(value, name) : value]
    }),
  ),
  ...(why === undefined ? {} : { why }),
})

const objectIn = (file: string): Readonly<Record<string, unknown>> => {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new UsageError(`--input: cannot read ${file}: ${(cause as Error).message}`)
  }
  const value = jsonOf(text, `--input ${file}`)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--input ${file} is not a JSON object`)
  return value as Readonly<Record<string, unknown>>
}

const jsonOf = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${what} is not valid JSON: ${(cause as Error).message}`)
  }
}

/** As a command on this machine would end: wrong input 2, not allowed 4, anything else 1. */
const exitCodeOf = ({ problem }: AdminCallFailed): number => {
  const status = problem?.status ?? 500
  if (status === 401 || status === 403 || status === 409) return EXIT.refused
  return status < 500 && status !== 429 ? EXIT.usage : EXIT.failed
}
