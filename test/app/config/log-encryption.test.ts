import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encryptionProblems, logEncryptionIn } from '../../../src/app/config/log-encryption.js'
import { loadConfig, redacted } from '../../../src/app/config/load.js'
import { folder, masterText } from '../../log/encryption/rig.js'

const written = (text: string): string => {
  const file = join(folder(), 'written')
  writeFileSync(file, text)
  return file
}

const configured = (key: string) => loadConfig({ file: written(`data: ./d\nlog: { encryption: { key: ${key} } }`) })

test('the master keys are read from their file at every use, newest first, and are never printed', () => {
  const file = written(masterText(1))
  const config = configured(`{ file: ${file} }`)
  const encryption = logEncryptionIn(config.log, config.data)
  expect(encryption).toMatchObject({ folder: 'd/keys', isEnabled: true })
  expect(encryption?.masters()).toHaveLength(1)
  writeFileSync(file, `${masterText(2)}\n${masterText(1)}\n`)
  expect(encryption?.masters().map(({ key }) => key[0])).toEqual([2, 1])
  expect(JSON.stringify(redacted(config))).not.toContain(masterText(1))
})

test('master keys that cannot be used are problems of the configuration, and no message has one', () => {
  const file = written('too short')
  const [problem = ''] = encryptionProblems(configured(`{ file: ${file} }`).log)
  expect(problem).toContain(`log.encryption.key, in ${file}: key 1 is not 32 bytes in base64`)
  expect(problem).toContain('openssl rand -base64 32')
  expect(problem).not.toContain('short')
  expect(encryptionProblems(loadConfig({}).log)).toEqual([])
  expect(() => configured(masterText(1))).toThrow(/log\.encryption\.key: a secret does not stand in the file/)
})
