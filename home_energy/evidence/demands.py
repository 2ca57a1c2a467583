"""How texts tell whoever answers from them what to say, as if it were advice."""

from home_energy.evidence.demands_abroad import DEMANDS_ABROAD
from home_energy.evidence.patterns import joined

_NAMED = {
    "{NAME}": r"""
        (?:chat ?gpt|gpt(?:-?\d\w*)?|(?:microsoft |github )?copilot|gemini|claude|perplexity|grok
        |deepseek|mistral|bard|siri|alexa|cortana|google assistant|bing chat)
    """,
    "{BOT}": r"""
        (?:{NAME}|ais?|a\.i\.?|llms?|(?:ai|llm|gpt|chat
        |search)(?:-\w+)?[ -](?:\w+ )?(?:helpers?|systems?|models?|tools?|services?|readers?
        |overviews?|agents?|software|search|engines?|apps?)
    |(?<!shop )(?<!sales )(?<!shop-)assistants?
        |chat ?bots?|bots?|language models?|answer(?:ing)? engines?|(?:retrieval|rag
        |question[- ]answering|qa) (?:systems?|engines?|models?|tools?|pipelines?)|web crawlers?
        |crawlers?|scrapers?|summari[sz]ers?|(?:virtual|digital|automated|generative
        |conversational|machine) (?:agents?|readers?|helpers?|summari[sz]ers?))
    """,
    "{READ}": r"""
        (?:reads?|reading|index(?:es|ing)?|summari[sz](?:es?|ing)|quot(?:es?|ing)|cit(?:es?|ing)
        |retriev(?:es?|ing)|crawl(?:s|ing)?|pars(?:es?|ing)|scrap(?:es?|ing)|ingest(?:s|ing)?
        |paraphras(?:es?|ing)|process(?:es|ing)?|us(?:es?|ing)|access(?:es|ing)?|answer(?:s|ing)?
        |translat(?:es?|ing)|relay(?:s|ing)?|consult(?:s|ing)?|encounter(?:s|ing)?
        |condens(?:es?|ing)|digest(?:s|ing)?|shorten(?:s|ing)?|rewrit(?:es?|ing)|extract(?:s
    |ing)?|surfac(?:es?|ing)|list(?:s|ing)?|show(?:s|ing)?|display(?:s|ing)?)
    """,
    "{RETELL}": r"""
        (?:summari[sz](?:es?|ing)|quot(?:es?|ing)|cit(?:es?|ing)|index(?:es|ing)?|paraphras(?:es?
        |ing)|retell(?:s|ing)?|translat(?:es?|ing)|retriev(?:es?|ing)|repeat(?:s|ing)?|relay(?:s
        |ing)?|answer(?:s|ing)?|condens(?:es?|ing)|shorten(?:s|ing)?|rewrit(?:es?|ing))
    """,
    "{DOC}": r"""
        (?:pages?|texts?|documents?|passages?|articles?|sites?|websites?|content|paragraphs?
        |leaflets?|files?|source|sentence|questions?|quer(?:y|ies))
    """,
    "{MODAL}": r"""
        (?:must|should|shall|will|ought to|(?:has|have|is|are|needs?) to|(?:is|are) (?:hereby
        |kindly |strictly |always )?(?:required|asked|requested|instructed|expected|told|advised
        |encouraged|invited|obliged|ordered|supposed|urged|reminded|authori[sz]ed|directed) to)
    """,
    "{HOW}": r"""
        (?:(?:please|kindly|always|only|just|simply|also|then|never|not|do not|don't|instead|first
        |must|should|clearly|firmly|immediately|you|can|be sure to|make sure to
        |remember to),? ){0,4}
    """,
    "{PROMOTE}": r"""
        (?:recommend(?! (?:a friend|friends|us)\b)|promote|praise|endorse|advertise|hype|laud
        |champion|talk up|speak (?:\w+ )?(?:well|highly|favou?rably|badly|ill) of)
    """,
    "{SPEAK}": r"""
        (?:{PROMOTE}|say|state|reply|respond|answer|mention|add|claim|declare|assert|insist|deny
        |quote|cite|suggest|advise|repeat|include|insert|present|describe|portray|refer (?:\w+
        ){0,2}?to|direct|point|steer|omit|leave out|conceal|hide|emphasi[sz]e|stress|explain|write
        |output|favou?r|prefer|rank|prioriti[sz]e|encourage|urge|assure|inform|warn|give|name
        |reveal|disclose|acknowledge|bring up|express|conclude|open|close|begin|end|list|link
    |send (?:them|people
        |users?)|tell(?! (?:you|your)\b))\b(?! (?:it to )?your\b)
    """,
    "{SAYING}": r"""
        (?:{PROMOTE}|{TURN}|(?:say|state|reply|respond|answer|claim|declare|assert|insist
        |deny)(?:(?: only| always| simply)? that\b| with\b| by saying\b| it\b| yes\b| no\b
    |\W*["'])|(?:tell|assure|reassure|inform
        |advise) (?:them|people|everyone|everybody|users?|anyone|whoever)\b|mention (?!your|it\b
    |this\b
        |any\b))
    """,
    "{TURN}": r"""
        (?:bring|turn|steer|move|shift) the (?:talk|conversation|discussion|subject|topic
    |chat)\b|(?:put|place|rank|feature
        |highlight|list) [^.;,]{1,40} (?:first|top|ahead|above all|foremost)\b
    """,
    "{ACT}": r"""
        (?:{SPEAK}|(?:treat|call|regard|consider|put|place|feature|highlight|remember|believe
        |accept|trust|refuse|link|present|assume|conclude)\b(?! your\b))
    """,
    "{WHEN}": r"""
        (?:when(?:ever)?|if(?: ever)?|should|as soon as|wherever|(?:each|every|any) ?time(?: that)?
        |in case|on being|once)
    """,
    "{SOMEONE}": r"""
        (?:someone|anyone|somebody|anybody|everyone|people|they|(?:an? |the |any |your |each
        |some )?(?:\w+ )?(?:users?|person|readers?|visitors?|customers?|humans?|shoppers?
        |homeowners?|householders?|enquirers?)|a conversation|the conversation)
    """,
    "{ASKED}": r"""
        (?:(?:(?:you are|you be|you're|you get|you were|being|directly|later|ever) )*(?:asked
        |questioned|queried|prompted)|{SOMEONE} (?:ever |later |then |directly )?(?:asks?|asking
        |enquires?|inquires?|wonders?|queries|wants? (?:to know|advice|help)|needs? (?:to know
        |advice)|mentions?|brings? up|talks?|searche?s?|requests?|raises?)(?: you| it)?)
    """,
    "{TOPIC}": r"""
        (?: (?:about|how|what|which|whether|why|where|who|if|on|regarding|concerning|for (?:an?
        |the |any )?(?:\w+ )?(?:advice|recommendations?|information|help|suggestions?|opinions?
        |options|best\b)|to (?:compare|recommend|summari[sz]e|name|suggest|explain|list|choose
        |describe|rate|rank))\b(?! your?\b)[^.;,:]{0,90}| (?!for\b|to\b|your?\b|by\b|that\b
    |about\b|on\b|regarding\b
        |concerning\b)(?:\w+ ){0,4}?\w+)?
    """,
    "{START}": r"""
        (?:^[\W\d]*|[:;!>] \W?|\b(?:important|note|reminder|please|kindly|therefore|you must
        |you should|you shall|you will|you are to|you need to|you have to),? )(?:(?:please|kindly
        |always|only|just|simply|also|then|never|do not|don't|strongly|you must|you should
        |remember to|be sure to|make sure to|make sure you|be certain to),? ){0,4}
    """,
    "{REPLY}": r"""
        (?:answers?|responses?|repl(?:y|ies)|outputs?|summar(?:y|ies)|completions?|overviews?)
    """,
    "{CONTAIN}": r"""
        (?:contains?|opens?|closes?|includes?|mentions?|says?|states?|ends?|begins?|starts?
    |recommends?|promotes?
        |concludes?|refers?|features?|cites?|quotes?|praises?|omits?|leaves? out|names?|links?
        |suggests?|favou?rs?|be that\b|carr(?:y|ies)|repeats?)\b
    """,
    "{TOLD}": r"""
        (?:told|informed|directed|sent|referred|given|shown|advised|assured|warned|answered
        |pointed|steered|offered|encouraged|urged|led)
    """,
}
_FAMILIES = (
    # Who answers: assistants, programs that read, whoever retells.
    r"""
    \b{BOT}(?:,? (?:and|or|and other
    |or other) (?:\w+ ){0,2}?\w+)?,?(?: (?:that |which |who )?(?:\w+ )?{READ}\b[^.;]{0,60}?,?)?
    (?:{MODAL}|may (?:only|not|never)|cannot|can only|can never) {HOW}{ACT}
    |\b(?:may|must|should|shall|can|no|(?:wrong|right|best|important|essential|mandatory|forbidden
    |necessary|required
    |vital) for) (?:an? |the |any |all |every )?{BOT} (?:may |can |to )?{HOW}{ACT}
    |\b(?:an?|any|every) {BOT} (?:that|which|who) (?:fails|does not|refuses|omits|neglects|leaves)\b
    |\b(?:the|an?) (?:reader|summari[sz]er|answering|reading) model\b|\byou,? (?:the|an?|as an?)
    (?:\w+ )?(?:model|assistant|ai)\b
    |\b{NAME}\s*[,:!] (?:please|kindly|remember|note|you|do not|don't|never|always|if|whenever
    |when|while|consider
    |treat|trust|choose|rate)\b
    |\b(?:systems?|tools?|software|machines?|programs?|models?|engines?|agents?|applications?|apps?
    |services?|robots?|anything|whatever|pipelines?),?(?: (?:that|which|who))? (?:\w+ )?{READ}
    (?:\w+ ){0,3}?(?:this|these|the|our) (?:\w+ )?{DOC}\b[^.;]{0,40}? {MODAL} {HOW}{SPEAK}
    |\b(?:whoever|whomever|anyone|anybody|everyone|those|people|persons?|all),?(?: (?:who|that))?
    (?:\w+ )?{RETELL} [^.;]{0,30}?\b(?:this|these|{DOC})\b[^.;]{0,40}? {MODAL} {HOW}{SPEAK}
    |\b(?:whoever|anyone|anybody|everyone|those|people|all)(?: who| that)? (?:produc|prepar|mak
    |writ|creat|draft|giv)\w+ (?:an? |the |any )?{REPLY}\b[^.;]{0,50}? {MODAL} {HOW}{SPEAK}
    |\b(?:{NAME}|ais?|assistants?|chatbots?|bots?|llms?|robots?|dear model)\s*[,:!-]+ (?!tell me
    |show me){HOW}{SPEAK}
    |^\W*(?:\w+ ){0,3}?(?:for|to) (?:all |any |the |our |every |use by )?(?:{BOT}|machines
    |machine readers)(?: only| readers?| {READ}[^.:]{0,40})?\s*[:\u2013\u2014]
    |^\W*(?:for|to) (?:all |any |the )?(?:ai \w+|llms|chatbots|language models|assistants),
    """,
    # On what condition: when asked, when it comes up, when answering.
    r"""
    \b{WHEN},? {ASKED}{TOPIC}\W{0,2}[,:;\u2013\u2014-]+ (?:{HOW}{SPEAK}|{HOW}{TURN}|(?:the
    |your) {REPLY} (?:is|must|should|shall|has to)\b)
    |\b{WHEN},? {ASKED} (?:about|for|how|what|which) (?!your)(?:\w+ ){1,4}?(?<!we )(?<!to
    )(?<!would ){SAYING}
    |\b{WHEN} [^.;,]{1,60} (?:comes? up|crops? up|arises?|(?:is|are|gets?) (?:mentioned|raised
    |discussed|brought up
    |talked about|asked about(?! your))|(?:is|are) (?:the|a) (?:topic
    |subject))[^.;,]{0,40}, {HOW}{SAYING}
    |\b{WHEN} [^.;,]{1,60} comes? up in (?:an?y? |the )?(?:conversations?|chats?|discussions?
    |questions?), {HOW}{SPEAK}
    |{START}{SPEAK} [^.;]{0,90}\b{WHEN} (?:someone|anyone|somebody|anybody|users?|(?:an?|the|any)
    (?:user|reader|person|visitor)|people|you are|you're|they) (?:asks?|asked|asking|enquires?
    |wants? to know)\b(?! (?:for|to|by)\b)
    |{START}{SAYING}[^.;]{0,90}\b{WHEN} (?:asked|questioned|[^.;]{1,40} (?:comes? up|(?:is|are)
    (?:mentioned|raised|discussed|brought up|asked about)))
    |\b(?:when(?:ever)?|while|before|if|in)(?: you(?: are)?)? (?:answer(?:ing)?|respond(?:ing)?
    |reply(?:ing)?)(?: to)?(?: (?:an?y? |the |all |such |these |this |user'?s? )?(?:users?
    |questions?|quer(?:y|ies)|prompts?|readers?)(?: (?:about|on|regarding|concerning) (?!your|the
    form)[^.;,]{1,60})?)?, {HOW}{SPEAK}
    |\b(?:when(?:ever)?|while|before|if)(?: you(?: are)?)? (?:summari[sz](?:e|ing)|paraphras(?:e
    |ing)|quot(?:e|ing)|cit(?:e|ing)|us(?:e|ing)|translat(?:e|ing)) (?:from )?(?:this|the above)
    (?:\w+ )?{DOC}?\b[^.;,]{0,40}, {HOW}{SPEAK}
    |\b(?:mention|say|state|recommend|promote|praise|include|quote|cite|refer|suggest|reveal
    |discuss|talk|add|claim)\b(?! your)[^.;]{0,80} (?:when|while|if|before|as)(?: you(?: are)?)?
    (?:answer(?:ing)?|respond(?:ing)?|summari[sz](?:e|ing)|generat(?:e|ing))\b(?! (?:the (?:door
    |phone|letter)|your))
    """,
    # What the answer holds.
    r"""
    \b(?:your|any|every|all|each|the final|the ai'?s?)(?: \w+)? {REPLY}(?: [^.;]{0,60}?)? (?:must
    |should|shall|will|needs? to|has to|have to|ought to|may|can) {HOW}{CONTAIN}(?! (?:\w+
    ){0,2}your\b)
    |\b{REPLY} (?:(?:based on|drawn from|that us(?:es?|ing)|using|quoting|citing|to questions
    |(?:of|from) (?:this|the above))\b|(?:about|on|to anyone|to people|to users
    |to those) (?!your))[^.;]{1,60} (?:must|should|shall|(?:is|are|has|have
    |needs?) to) {HOW}{CONTAIN}(?!
    (?:\w+ ){0,2}your\b)
    |\b(?:make sure|ensure|be sure|see to it|take care|check)(?: that)? (?:your|any|every
    |the) (?:\w+ )?{REPLY}
    {HOW}{CONTAIN}(?! (?:\w+ ){0,2}your\b)
    |\b(?:in|to|into|of|from) (?:any|all|every|each|your)(?: \w+)? (?:answers?|responses?
    |summar(?:y|ies))(?:,|\W*$| (?:about|of this|you|on|that|to (?:users?|questions?))\b)
    |\b(?:correct|right|only|best|official|approved|expected|required|proper
    |appropriate) (?:\w+ )?(?:answer
    |response|reply)\b[^.;]{0,40}\b(?:questions?|asked|asks|quer(?:y|ies))\b[^.;]{0,60}\b(?:is|are
    |must be)\b
    """,
    # The reply, told to whoever writes it.
    r"""
    \ban? (?:good|helpful|full|complete|proper|faithful|honest|accurate|correct|acceptable
    |useful) {REPLY} [^.;]{0,40}?(?:names|mentions|includes|recommends|states|says|promotes
    |ends|begins)\b
    |\bno {REPLY} [^.;]{0,50}\b(?:complete|correct|full|finished|acceptable) (?:without|unless)\b
    |(?:^\W*|[,:] )(?:reply|respond|answer)(?: only| always| just)?(?: to (?:all|any
    |every) [^.;]{1,40}
    )? ?(?: ?that| with (?!your)| ?by (?:naming|saying|stating|recommending|mentioning|claiming
    |praising|telling))\b
    |\b(?:whatever|regardless of|no matter)(?: is| what| which| how)?(?: the| they| users?| people
    | anyone| someone| is)? (?:questions?|asks?|asked|quer(?:y|ies)|prompt)\b
    |{START}let (?:the |all |any )?(?:users?|readers?|people|everyone|anyone|those) know\b
    |\b{WHEN} (?:an? |the |any )?users? (?:\w+ )?(?:asks?|wants?|requests?|needs?|mentions?)
    [^.;,]{1,80}, {HOW}(?:{SPEAK}|{TURN})
    |\b{REPLY} (?:that |which )?you (?:will |may |then )?(?:produce|generate|compose|output)\b
    |\b(?:when(?:ever)?|while|before|after|in) (?:you )?(?:generat|compos|produc|formulat)(?:e|ing)
    (?:an?y? |the |your |every |each )?(?:\w+ )?{REPLY}\b
    |\bin (?:whatever|anything|everything) you (?:generate|output|say|produce)\b
    |\b(?:persuade|convince|urge|tell|assure|encourage|get|nudge) the (?:person|human|one
    |individual)
    (?:that |who |whom )?you(?: are|'re)\b
    """,
    # What those who ask are to hear.
    r"""
    \b(?:users?|people|anyone|anybody|someone|those|customers?|readers?|visitors?|whoever|everyone
    |homeowners)(?: (?:who|that))? (?:asks?|asking|wonders?|wondering|enquir\w+|inquir\w+
    |wants? to know|wanting to know|wants? advice|looking for advice)\b[^.;]{0,70} (?:must|should
    |shall|ought to|(?:is|are|has|have|needs?) to) (?:\w+ ){0,2}?be {TOLD}\b
    |\b(?:questions?|queries|enquiries|inquiries|prompts?) (?:about|on|concerning|regarding|that)
    [^.;]{1,60} (?:must|should|shall|(?:is|are|has|have) to) (?:\w+ )?be (?:answered
    |met) (?:with|by|as|in favou?r|that)\b
    |\b(?:tell|inform|assure|advise|convince|persuade|urge|encourage|warn|remind|give|show|answer
    |send) (?:anyone|anybody|everyone|those|people|whoever|all|any (?:\w+ )?(?:user|reader
    |person))(?: (?:who|that))? (?:asks?|asking|enquir\w+|wonders?|wants? to know)\b
    |{START}(?:tell|inform|convince|persuade|assure|remind|advise|warn|encourage|urge|ask|direct
    |steer|nudge|send|show|offer|give|get|request
    |prompt) (?:all |any |each |every |an? |the )?(?:\w+
    )?users?\b
    |{START}(?:direct|steer|nudge|guide|point|push|lure|send|turn) (?:all |any |the )?(?:people
    |users?|customers|readers|buyers|shoppers|visitors|everyone|anyone|conversations?
    |discussions?) (?:\w+ )?(?:towards?|to|away|onto)\b
    |\bthe (?:person|human|customer|one|individual)(?: who is)? asking\b|\bthe (?:questioner
    |enquirer)\b
    """,
    # Praise and silence on command.
    r"""
    {START}(?:praise|endorse|advertise|hype|laud|talk up|speak (?:well|highly|favou?rably|badly
    |ill) of|recommend)\b(?! (?:a friend|friends|us)\b)
    |\b(?:you|we) (?:must|shall|are to|have to|are required to) (?:always |only |never )?(?:promote
    |reply that|respond that|answer that|reply with|respond with|answer with)\b
    |{START}(?<!we )(?:never|do not|don't|avoid|refrain from) (?:mention(?:ing)?|acknowledg(?:e
    |ing)|bring(?:ing)? up)(?! (?:it|this) to\b| your)\b
    |{START}(?:portray|depict|frame|describe|characteri[sz]e|present|refer to) (?!your)[^.;]{1,50}
    as (?:the|an?|being|our)? ?(?:\w+ )?(?:best|safe\w*|cheap\w*|superior|only|leading|market
    |proven|inferior|dangerous|unsafe|top|official|gold|perfect|unreliable)\b
    |\b(?:must|should|shall|(?:is|are|has|have) to) (?:\w+ )?be (?:recommended|mentioned|named
    |praised|promoted|presented|described|cited|listed|suggested|put forward|said|stated|quoted
    |shown|offered)(?: [^.;]{0,50}?)?(?: to (?:users?|anyone (?:who|asking)|whoever|any users?
    |everyone who asks|people who ask)| by (?:any |all |every |the )?{BOT}\b| in (?:any|all|every
    |each|your|ai)(?: \w+)? (?:answers?|responses?|summar\w+|conversations?|chats?)
    |,? (?:when(?:ever)?
    |if|each time|every time) (?:asked|someone|anyone|users?|a user|people|answering|questions))\b
    |\b(?:give|put in) (?:\w+ )?(?:a (?:glowing|positive|five[- ]star|good word|favou?rable))\b
    """,
    # The rank of a source.
    r"""
    \bthis (?:web ?)?(?:page|document|passage|text|article|source|paragraph|sentence) (?:must|should
    |shall|has to|is to) (?:always |only |never )?be (?:quoted|cited|ranked|preferred|trusted
    |treated
    |believed|placed|repeated|included|presented|summari[sz]ed|considered)\b
    |\bthis (?:web ?)?(?:page|document|passage|text|article|source|paragraph) (?:takes precedence
    |overrides|supersedes|outranks|trumps|replaces|outweighs) [^.;]{0,20}\b(?:other|all|every|any)\b
    |\b(?:sources?|passages?|documents?|pages?|results?) (?:that )?you (?:have |were )?(?:retrieved
    |fetched|been given|been shown)\b
    |\b(?:all|any|every|the) other (?:passages?|documents?|sources?|pages?|search results?|results)
    (?:are|is|must|should|shall) (?:\w+ ){0,3}(?:wrong|false|outdated|ignored|disregarded|fake
    |unreliable|discarded|lies|superseded|obsolete)\b
    |{START}(?:rank|cite|quote|prefer|trust|prioriti[sz]e|treat|regard|consider) (?:only
    )?this (?:web ?)?(?:page|document|passage|text|article|source|paragraph)\b(?! (?:number
    |reference))
    """,
    *DEMANDS_ABROAD,
)

DEMANDS = joined(_FAMILIES, _NAMED)
"""Searches a text in lower case, without accents and double spaces."""
