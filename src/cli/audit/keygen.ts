import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { MalformedNote, signerKeyOf } from '../../audit/note.js'
import { isTenant } from '../../domain/stream-name.js'
import { command, type CommonFlags } from '../command/command.js'
import { UsageError } from '../command/exit.js'

type Flags = CommonFlags & Readonly<{ out: string; name?: string; json?: boolean }>

export const keygenCommand = (): Command =>
  command('keygen', 'make a key that signs tree heads; prints the verifier key, which auditors are given', [
    'streamvane audit keygen --out /run/secrets/audit-key --name acme.example/streamvane',
    'streamvane audit keygen --out audit-key-2027 --name acme.example/streamvane-2027 --json',
  ])
    .requiredOption('--out <file>', 'where the signer key goes; an existing file is never overwritten')
    .option(
      '--name <name>',
      'the name that signatures bear, by custom an address without https:// (default: streamvane/<tenant>)',
    )
    .option('--json', 'as JSON')
    .action((flags: Flags) => {
      const tenant = flags.tenant ?? 'default'
      if (!isTenant(tenant)) throw new UsageError(`--tenant ${tenant}: lower-case letters, digits, - and _ only`)
      const { signer, text } = keyNamed(flags.name ?? `streamvane/${tenant}`)
      writeKey(flags.out, text)
      const { name, id, text: verifierKey } = signer.verifier
      if (flags.json === true) console.log(JSON.stringify({ name, id, verifierKey, signerKeyFile: flags.out }))
      else console.log(verifierKey)
      console.error(
        `the signer key is in ${flags.out} (audit.key: { file: ${flags.out} }); keep it from those who can write the log, and give the verifier key to the auditors`,
      )
    })

const keyNamed = (name: string): ReturnType<typeof signerKeyOf> => {
  try {
    return signerKeyOf(name, randomBytes(32))
  } catch (cause) {
    if (cause instanceof MalformedNote) throw new UsageError(`--name: ${cause.message}`)
    throw cause
  }
}

const writeKey = (file: string, text: string): void => {
  try {
    writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new UsageError(
      code === 'EEXIST'
        ? `--out ${file} exists: a signer key is never overwritten; name another file`
        : `--out: ${message}`,
    )
  }
}
