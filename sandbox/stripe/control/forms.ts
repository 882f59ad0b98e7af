import { DAY } from '../core/clock.ts'
import { monthsAfter } from '../core/calendar.ts'
import type { Reply } from '../http/reply.ts'
import { redirect } from '../html/layout.ts'
import { perform } from './actions.ts'
import type { Sandbox } from './sandbox.ts'

/** The buttons of the control page: runs the action and returns to the same view with a message. */
export async function controlAction(sandbox: Sandbox, form: URLSearchParams): Promise<Reply> {
  const notice = await act(sandbox, form)
  const back = form.get('back') ?? '/'
  // Only a path of this server, never another site.
  const url = new URL(back.startsWith('/') && !back.startsWith('//') ? back : '/', 'http://sandbox')
  url.searchParams.set('notice', notice)
  return redirect(`${url.pathname}${url.search}`)
}

async function act(sandbox: Sandbox, form: URLSearchParams): Promise<string> {
  const value = (name: string) => form.get(name)
  if (value('resend')) return sent(sandbox, value('resend')!, 1)
  if (value('resend_twice')) return sent(sandbox, value('resend_twice')!, 2)
  if (value('advance')) return advance(sandbox, value('advance')!)
  if (value('faults')) return setFaults(sandbox, form)
  if (value('do')) {
    const [name = '', id = ''] = value('do')!.split(':')
    return perform(sandbox, name, id)
  }
  if (value('flush')) {
    await sandbox.flush()
    return 'Delivery of all waiting events was attempted.'
  }
  return ''
}

async function sent(sandbox: Sandbox, event: string, times: number): Promise<string> {
  await sandbox.deliver(event, { times })
  return times === 1 ? 'Sent again.' : 'Sent twice.'
}

async function advance(sandbox: Sandbox, step: string): Promise<string> {
  const now = sandbox.now()
  const target =
    step === '1 day' ? now + DAY : step === '1 month' ? monthsAfter(now, 1) : (sandbox.nextRenewal() ?? now)
  const before = sandbox.world.tables.events.size
  await sandbox.advanceInStages(target)
  const made = sandbox.world.tables.events.size - before
  return `The clock moved forward. ${made} event${made === 1 ? '' : 's'} happened on the way.`
}

function setFaults({ faults, webhooks }: Sandbox, form: URLSearchParams): string {
  const action = form.get('faults')
  if (action === 'reset') faults.reset()
  if (action === 'fail') faults.api.push({ failure: 500, times: 1 })
  if (action === 'lose') faults.api.push({ failure: 'lost_answer', match: 'POST', times: 1 })
  if (action === 'set') {
    const on = (name: string) => form.get(name) === '1'
    faults.deliveries = {
      twice: on('twice'),
      late: on('late') ? 60 : 0,
      shuffled: on('shuffled'),
      drop: on('drop') ? 1 / 3 : 0,
      hold: on('hold'),
    }
    faults.slow = on('slow') ? 2000 : 0
  }
  webhooks.wake()
  return action === 'reset' ? 'All faults are off.' : 'The faults are set.'
}
