/** The checks of `npm test`, each a process of its own, and the sum of them. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { inProject, ROOT } from './project.mjs'
import { bold, dim, red, say, seconds } from './terminal.mjs'

/** Settings of the app that stand in the caller's shell; none may decide what the tests see, and no key may reach them. */
const SETTINGS = [
  ...['NODE_ENV', 'SCRIP_MODE', 'SCRIP_DATA', 'PORT', 'HOST', 'APP_URL', 'SANDBOX_PORT', 'SESSION_SECRET', 'LOG_LEVEL'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE', 'SMTP_URL', 'MAIL_FROM', 'TRUST_PROXY'],
]

const bin = (name) => inProject('node_modules', name)

/**
 * @typedef {object} Outcome
 * @property {string} title
 * @property {number} passed
 * @property {number} failed
 * @property {number} ms
 */

/** @returns {Promise<number>} the exit code */
export async function runChecks() {
  const outcomes = []
  const reports = mkdtempSync(path.join(os.tmpdir(), 'scrip-test-'))
  const began = performance.now()
  try {
    outcomes.push(await measure('install', ensureInstalled))
    if (outcomes[0].failed > 0) return summarize(outcomes, began)
    // Two at a time: one keeps a core busy, more of them only get in each other's way.
    outcomes.push(...(await Promise.all([check('typecheck', [bin('typescript/bin/tsc'), '--noEmit']), lint()])))
    outcomes.push(
      ...(await Promise.all([
        check('format', [bin('prettier/bin/prettier.cjs'), '--check', '.']),
        measure('build', ensureBuilt),
      ])),
    )
    outcomes.push(await vitest('unit and integration', [], path.join(reports, 'unit.json')))
    const browser = ['--config', 'vitest.browser.config.ts']
    outcomes.push(await vitest('end to end, in Chromium', browser, path.join(reports, 'browser.json')))
    return summarize(outcomes, began)
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

function lint() {
  return check('lint', [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'])
}

/** Prints its output only when it fails. */
async function check(title, args) {
  return measure(title, async () => {
    const { code, output } = await run(args, { shown: false })
    if (code !== 0) throw new Error(output)
  })
}

async function measure(title, work) {
  const start = performance.now()
  const outcome = (failed) => ({ title, passed: 1 - failed, failed, ms: performance.now() - start })
  try {
    await work()
    say(`✓ ${title} ${dim(`(${seconds(performance.now() - start)})`)}`)
    return outcome(0)
  } catch (error) {
    say(`${red('✗')} ${title} ${dim(`(${seconds(performance.now() - start)})`)}\n${error.message.trim()}\n`)
    return outcome(1)
  }
}

/** Shows vitest's own output, and counts its tests by its report. */
async function vitest(title, args, report) {
  say(`\n${bold(title)}`)
  const start = performance.now()
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code } = await run([bin('vitest/vitest.mjs'), 'run', ...reporters, ...args], { shown: true })
  const { passed, failed } = counts(report)
  // An error outside of any test, or a run that never came to its tests, fails no test and yet must count.
  return { title, passed, failed: code !== 0 && failed === 0 ? 1 : failed, ms: performance.now() - start }
}

function counts(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

function run(args, { shown }) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env }
    for (const name of SETTINGS) delete env[name]
    const stdio = shown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe']
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** @param {Outcome[]} outcomes */
function summarize(outcomes, began) {
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  say()
  for (const { title, passed, failed, ms } of outcomes) {
    const mark = failed > 0 ? red('✗') : '✓'
    say(`${mark} ${title.padEnd(26)} ${`${passed} passed, ${failed} failed`.padEnd(26)} ${dim(seconds(ms))}`)
  }
  say(`\nIn ${seconds(performance.now() - began)}`)
  say(`${sum('passed')} passed, ${sum('failed')} failed`)
  return sum('failed') > 0 ? 1 : 0
}
