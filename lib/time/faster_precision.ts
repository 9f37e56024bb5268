import {deviceInfo} from '../session/open_session.js';
import type {Session} from '../session/session.js';

/** Whether a run in fp32 on the CPU would be faster in bf16. One whose precision was chosen by itself has looked already. */
export async function hasFasterBf16(
  {device, precision}: Pick<Session, 'device' | 'precision'>,
  asked: string,
): Promise<boolean> {
  const isSlow = device === 'cpu' && precision === 'fp32' && asked !== 'auto';
  return isSlow && (await deviceInfo()).cpuBf16;
}
