// What people read. Chinese first, English by setting.
const ZH = {
  title: '后厨屏', tickets: '出单', batch: '备餐', needs: '特殊要求', ingredients: '原料', recall: '找回', all: '全部', pass: '传菜',
  hot: '热菜', cold: '凉菜', staple: '主食', soup: '汤', special: '特殊餐', packing: '打包',
  dine_in: '堂食', pick_up: '自取', delivery: '配送',
  regular: '普通', soft: '软食', pureed: '糊状',
  small: '小份', large: '大份',
  breakfast: '早餐', lunch: '午餐', dinner: '晚餐',
  start: '开始做', made: '全部做好', finish: '出餐完成', ack: '知道了', bring_back: '找回', remaining_of: '待做',
  fresh: '新单', changed: '已改', cancelled: '已取消', walk_in: '现点', guest: '散客', minutes: '分',
  waiting: '未做', cooking: '在做', done: '已好', portions: '份', total: '合计', plain: '无特殊要求', stop: '售完', resume: '恢复供应', stopped: '已售完',
  people_orders: '单', later: '预订未到时间', appear: '出单时间', nothing: '目前没有要出的单', nothing_recall: '还没有出完的单',
  stale: '画面不是最新的！自 {time} 起没有更新，请勿只看本屏', never: '画面不是最新的！尚未连上后厨服务', unacked: '有 {n} 个变动没有人确认，请马上查看',
  offline: '未连接', online: '已连接', connecting: '连接中', queued: '{n} 个操作等待发送', sound_on: '声音已开', sound_off: '点这里开启声音',
  pair_title: '请输入配对码', pair_hint: '请店长在系统里生成后厨屏配对码（8 位，10 分钟内有效）', pair_do: '配对', pair_bad: '配对码不对或已过期，请核对后重试，或请店长重新生成',
  pair_net: '连不上服务，请检查网络后重试', pair_many: '试得太多，请过一会儿再试', del: '删除',
  gap: '断线时间较长，已重新载入全部订单', sign_in: '此屏已被解除配对，请重新配对', nothing_to_follow: '本店近期没有开餐安排', outbox_full: '等待发送的操作太多，请先恢复网络',
  refused: '操作没有成功：{message}', note: '备注', page: '第 {n} / {of} 页', keys: '数字键 选单 · 回车 处理 · ←→ 翻页 · S 换岗位 · V 换画面 · A 确认 · R 找回 · P 签到',
  was: '原为', views: '画面', posts: '岗位', added: '新加', removed: '不要了', elsewhere: '另有 {n} 样在别的岗位', waits_for: '等 {stations}', unsent: '等待发送', cooked: '做好', no_needs: '没有特殊要求', without: '不能放', number: '单号', back: '上一页', forward: '下一页',
  short: '做少了，供应不到的人', lacking: '缺', short_cure: '请在开餐前告知并改做另一道，或补做一锅；请店长改单',
  unfit: '今日用料不合忌口，先别出餐', unfit_cure: '请改做另一道、单独制作，或换回用料后重新确认；并请店长改单', hold: '不合忌口，先别出', confirmed: '用料已确认 {time}', unconfirmed: '用料未确认（按食谱）', brought: '领了未确认的料：{what}',
  nobody: '未签到', who_title: '谁在操作？', who_none: '还没有人设置签到码：请在系统里给自己设一个（4 至 8 位数字）', who_net: '连不上服务：网络恢复前只记此屏的名字', who_bad: '签到码不对', who_many: '试得太多，请 15 分钟后再试', who_do: '签到', who_out: '签退', who_back: '返回', who_pin: '{name} 的签到码',
  grams: '克', kilos: '公斤', used_in: '用于', lang: 'EN', current: '当前餐次', more: '还有 {n} 单在后面',
};
const EN = {
  title: 'Kitchen', tickets: 'Tickets', batch: 'Batches', needs: 'Needs', ingredients: 'Ingredients', recall: 'Recall', all: 'All', pass: 'Expediter',
  hot: 'Hot', cold: 'Cold', staple: 'Staple', soup: 'Soup', special: 'Special', packing: 'Packing',
  dine_in: 'Dine in', pick_up: 'Pick up', delivery: 'Delivery',
  regular: 'Regular', soft: 'Soft', pureed: 'Puréed',
  small: 'Small', large: 'Large',
  breakfast: 'Breakfast', lunch: 'Lunch', dinner: 'Dinner',
  start: 'Start', made: 'All done', finish: 'Complete', ack: 'Seen', bring_back: 'Recall', remaining_of: 'to do',
  fresh: 'NEW', changed: 'CHANGED', cancelled: 'CANCELLED', walk_in: 'Walk-in', guest: 'Guest', minutes: 'min',
  waiting: 'waiting', cooking: 'cooking', done: 'done', portions: '', total: 'Total', plain: 'no exception', stop: 'Sold out', resume: 'Back on', stopped: 'SOLD OUT',
  people_orders: 'orders', later: 'Ordered ahead', appear: 'appear at', nothing: 'No tickets right now', nothing_recall: 'Nothing completed yet',
  stale: 'NOT CURRENT since {time}. Do not rely on this screen', never: 'NOT CURRENT: not connected to the kitchen service yet', unacked: '{n} changes nobody has acknowledged. Look now',
  offline: 'Offline', online: 'Connected', connecting: 'Connecting', queued: '{n} actions waiting', sound_on: 'Sound on', sound_off: 'Touch to turn sound on',
  pair_title: 'Enter the pairing code', pair_hint: 'The manager makes a code for a kitchen display (8 characters, good for 10 minutes)', pair_do: 'Pair', pair_bad: 'Wrong or expired code: check it, or ask for a new one',
  pair_net: 'The service cannot be reached: check the network and try again', pair_many: 'Too many tries: wait a while', del: 'Delete',
  gap: 'Offline for long: all orders were loaded again', sign_in: 'This display is no longer paired: pair it again', nothing_to_follow: 'No meals are planned here', outbox_full: 'Too many actions are waiting: restore the network first',
  refused: 'Not done: {message}', note: 'Note', page: 'Page {n} of {of}', keys: 'Digits pick · Enter acts · ←→ page · S station · V view · A seen · R recall · P sign in',
  was: 'was', views: 'Views', posts: 'Stations', added: 'added', removed: 'no longer', elsewhere: '{n} more at other stations', waits_for: 'waits for {stations}', unsent: 'not sent yet', cooked: 'Cooked', no_needs: 'No special needs', without: 'not for', number: 'Number', back: 'Previous page', forward: 'Next page',
  short: 'Too little was made: these go without', lacking: 'lacking', short_cure: 'Tell them before the meal and make another dish, or cook one more batch; the manager changes the order',
  unfit: 'Made with what they may not eat: hold', unfit_cure: 'Make another dish or make it apart, or change what is used and confirm that; the manager changes the order', hold: 'may not eat this: hold', confirmed: 'ingredients confirmed {time}', unconfirmed: 'ingredients not confirmed (recipe)', brought: 'a lot brought: {what}',
  nobody: 'Nobody signed in', who_title: 'Who is here?', who_none: 'Nobody has a number yet: set one for yourself in the system (4 to 8 digits)', who_net: 'The service cannot be reached: until then this screen alone is named', who_bad: 'Wrong number', who_many: 'Too many tries: wait 15 minutes', who_do: 'Sign in', who_out: 'Sign out', who_back: 'Back', who_pin: 'Number of {name}',
  grams: 'g', kilos: 'kg', used_in: 'for', lang: '中文', current: 'Current meal', more: '{n} more tickets follow',
};

let words = ZH;
export const language = () => (words === ZH ? 'zh' : 'en');
export function speak(lang) {
  words = lang === 'en' ? EN : ZH;
  document.documentElement.lang = lang === 'en' ? 'en' : 'zh-CN';
}
export const t = (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
