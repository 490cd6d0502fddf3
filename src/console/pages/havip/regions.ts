/** The platform's regions with their names. Another one can be named with `--cloud-region`. */
import { type Text, text } from "../../base/text.ts";

export const REGIONS: readonly (readonly [region: string, name: Text])[] = [
  ["ap-guangzhou", text("Guangzhou", "广州")],
  ["ap-shanghai", text("Shanghai", "上海")],
  ["ap-nanjing", text("Nanjing", "南京")],
  ["ap-beijing", text("Beijing", "北京")],
  ["ap-chengdu", text("Chengdu", "成都")],
  ["ap-chongqing", text("Chongqing", "重庆")],
  ["ap-hongkong", text("Hong Kong", "中国香港")],
  ["ap-singapore", text("Singapore", "新加坡")],
  ["ap-jakarta", text("Jakarta", "雅加达")],
  ["ap-seoul", text("Seoul", "首尔")],
  ["ap-tokyo", text("Tokyo", "东京")],
  ["ap-bangkok", text("Bangkok", "曼谷")],
  ["na-siliconvalley", text("Silicon Valley", "硅谷")],
  ["na-ashburn", text("Virginia", "弗吉尼亚")],
  ["eu-frankfurt", text("Frankfurt", "法兰克福")],
  ["sa-saopaulo", text("São Paulo", "圣保罗")],
];
