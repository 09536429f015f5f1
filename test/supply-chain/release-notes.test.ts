import { describe, expect, test } from 'vitest'
import { releaseNotes } from '../../dev/supply-chain/release-notes.mjs'

const CHANGELOG = `# Changelog

## Unreleased

Not yet.

## 1.2.0

A rebuild is needed.

### For consumers

- A field is new.

## 1.1.0

First.
`

describe('The notes of a release', () => {
  test('are the section of its version, up to that of the version before', () => {
    expect(releaseNotes(CHANGELOG, 'v1.2.0', '1.2.0')).toBe(
      'A rebuild is needed.\n\n### For consumers\n\n- A field is new.',
    )
    expect(releaseNotes(CHANGELOG, 'v1.1.0', '1.1.0')).toBe('First.')
  })

  test('are refused for a version without a section, so that nothing is released by mistake', () => {
    expect(() => releaseNotes(CHANGELOG, 'v1.3.0', '1.3.0')).toThrow('says nothing under "## 1.3.0"')
    expect(() => releaseNotes(CHANGELOG, 'v1.2.0', '1.3.0')).toThrow('package.json says 1.3.0')
    expect(() => releaseNotes(CHANGELOG, '1.2', '1.2.0')).toThrow('no tag of a semantic version')
  })
})
