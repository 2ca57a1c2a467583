"""How texts tell an assistant what to do, in plain English, German, French and Spanish."""

from home_energy.evidence.patterns import joined

# Patterns are written over several lines, each of which is stripped; `{NAME}` stands for another.
_NAMED = {
    "{ALL}": r"""
        (?:all|any|every|each|the|these|those|your|my|our|of|what|whatever|everything)
    """,
    "{BEFORE}": r"""
        (?:previous\w*|prior|above|earlier|preceding|former|foregoing|original|initial|system
        |safety|content|other|existing|current|hidden|secret|given|assistant'?s?)
    """,
    "{RULES}": r"""
        (?:instructions?|prompts?|guidelines?|directives?|directions|rules?|constraints?|orders
        |restrictions?|polic(?:y|ies)|messages?|programming|training|context|filters?
        |safeguards?|passages?|fences?|citations?)
    """,
    "{KEPT}": r"""
        (?:records?|notes?|tips?|profiles?|memor(?:y|ies)|histor(?:y|ies)|databases?|entries
        |summar(?:y|ies)|conversations?|sessions?)
    """,
    "{SAY}": r"""
        (?:say|print|output|write|reply|respond|answer|repeat|return|emit|type|echo|display
        |state)
    """,
    "{MACHINE}": r"""
        (?:ai|a\.i\.|llms?|chatbots?|gpt\w*|chatgpt|claude|gemini|llama|language models?
        |assistants?|ai (?:models?|agents?)|bots?)
    """,
}
_FAMILIES = (
    # Setting aside what the assistant was told.
    r"""
    \b(?:ignor\w+|disregard\w*|forget\w*|overrid\w+|overrul\w+|bypass\w*|overlook\w*|discard\w*
    |neglect\w*|do not follow|don't follow|stop following
    |pay no attention to)\W+(?:{ALL}\W+){0,4}(?:{BEFORE}\W+){0,3}(?:{RULES}\b|you (?:were
    |have been) told)(?! (?:on|of|in|from) (?:the |a |an |your |its )?(?:old |new )?(?:label
    |packet|pack|box|dial|leaflet|device|appliance|maker))
    |\b(?:ignore|disregard|forget)\W+(?:{ALL}\W+){0,3}(?:above|before this|previous|said before
    |said so far|you know|you were told|you have been told)\b
    |\b{RULES} (?:above|before this) (?:are|is|were|was) (?:void|wrong|a test|cancel|obsolete)
    |\b(?:new|updated|real|true|actual|secret|additional|revised) (?:{BEFORE} )?(?:instructions?
    |directives?|prompt)\b\W*(?::|follow|for you|are|is\b|$)
    """,
    # Another self, or no limits.
    r"""
    \byou (?:are|have become|will be) (?:now |hereby |henceforth |no longer )+(?:an?|the|my|dan
    |bound|called|named|free|unrestricted|operating|acting|in (?:\w+ ){0,3}mode)\b
    |\byou are (?:dan\b|an? (?:ai|evil|unrestricted|uncensored|different|pirate|salesman|hacker
    |shell|terminal)\b)
    |\b(?:you must|you should|you will|please|let's) (?:act as|pretend|role-?play|simulate
    |impersonate)\b|^\W*(?:act as (?:an?|if|my|the|dan)\b|pretend (?:to be|that you|you are)
    |role-?play|impersonate)\b
    |\b(?:from now on|henceforth|from this point on|in every (?:answer|reply
    |response))\b[, ]*(?:you|answer|reply|respond|always|only|never|add|include|end|begin
    |start)\b
    |\b(?:do anything now|jailbr\w+|developer mode|debug mode|god mode|dan mode|sudo mode
    |(?:without|no|free of) (?:any )?(?:restrictions|filters|censorship) (?:apply|at all|now))
    |\byour (?:new |only |real |true |next )+(?:role|task|job|goal|purpose|persona|name|identity
    |objective|mission) (?:is|will be)|\bas an? {MACHINE}\b(?=[,.]| you)
    """,
    # What only a machine has.
    r"""
    \b(?:system|developer|hidden|initial) (?:prompts?|messages?|instructions?)\b
    |\bsystem override
    |\b(?:reveal|repeat|print|show|output|leak|disclose|display|recite|tell me|give me
    |quote)\b[^.]{0,30}(?:\byour (?:\w+ )?(?:instructions|guidelines|rules)\b|\b(?:your|these
    |the) (?:\w+ )?(?:prompt|api keys?|passwords?|secrets?|rules you)\b)
    |\b(?:dear|attention|note to|message to|instructions? (?:to|for)|hey|hello
    |ok) (?:all |any |the )?{MACHINE}\b
    |\bif you(?: are|'re) an? {MACHINE}\b|\b{MACHINE} (?:reading|processing|summari[sz]ing
    |answering|that reads?|who reads?)\b
    |\bthe {MACHINE} (?:must|should|shall|has to|is to|will now|needs to)\b|\b(?:assistant|model
    |ai) (?:must|shall|has to|is to) (?:\w+ )?(?:say|answer|reply|respond|tell(?! you)|claim|include
    |recommend|save|delete|ignore)\b|\blanguage model\b|\bchatbot\b|\bllm\b
    |\b(?:tell|inform|convince|instruct|persuade|warn|assure) (?:the |your )(?:users?|readers?
    |customers?|humans?)\b
    """,
    # What to say, to the letter.
    r"""
    \b{SAY}(?: back)?(?: with)? (?:exactly|only|verbatim|nothing but|just|the (?:word|words
    |phrase|string|text|following|code|token|line|sentence)s?\b)
    |\b(?:begin|start|end|finish|prefix|preface|close|conclude|append|sign) (?:\w+ ){0,3}(?:your
    |every|each|all|any|the) (?:answers?|repl(?:y|ies)|responses?|sentences?|messages?|output)\b
    |\b(?:in|to|into|of) (?:your|every|each) (?:answer|reply|response|output)\b
    |\b(?:respond|reply|answer|output|speak|write) (?:only |always |solely )*(?:in|with|as
    |by) (?:json|xml|yaml|html|markdown|base64|rot13|hex|code|a haiku|pirate|capital|french
    |german|spanish|not found|yes|no\b)
    |\b(?:decode|decrypt|de-?obfuscate|unscramble)\b[^.]{0,40}\b(?:follow|obey|execute|do|run
    |base64|rot13|rot-13|hex|cipher|this|it)\b|\b(?:follow|obey|execute|carry out) (?:the|these
    |this|all|my|its) (?:\w+ )?(?:orders?|commands?|instructions? (?:below|above|here|in this
    |hidden|encoded))
    |\b(?:cite|mark|present) (?:this|it|that|everything|all of this|the following|every sentence
    |(?:the|this) (?:passage|document|text)) (?:\w+ ){0,3}(?:as\b|only)
    |\b{SAY}\b[^.]{0,80}\band nothing else\b|^\W*(?:only |just |then |always )?(?:say|claim|reply
    |respond|answer) (?:that|with)\b
    |\bwrite (?:the words? )?\W?not found\b|\b(?:say|claim|pretend|state) that (?:the
    |no) (?:documents?|passages?|sources?)\b
    """,
    # Tools and records.
    r"""
    \b(?:delete|erase|wipe|purge|destroy|drop|remove|clear|export|list
    |forget) (?:\w+'?s? ){0,2}(?:all|every|the|their|my|your|user'?s?|saved|stored|whole
    |entire) (?:\w+'?s? ){0,3}{KEPT}\b(?! of)
    |\b(?:save|store|write|add|put|append|insert|record|note) (?:\S+ ){1,14}?(?:to|in|into
    |on) (?:(?:the|every|each|this) users?'?s? |(?:your|the) (?:\w+ )?(?:memory|database))
    |\b(?:save|store|record|keep) (?:this|that|the following)(?: \w+)? (?:as|in|to) (?:an?
    |the) (?:\w+ )?{KEPT}\b
    |\bremember (?:this|that|it|the following)\b[^.]{0,40}\b(?:future|later|next|every
    |all)\b[^.]{0,20}\b(?:conversation|session|turn|chat|answer|question|user)
    |\b(?:call|invoke|execute|trigger) (?:the |your |this )?(?:\w+ )?(?:function|tool|api|plugin
    |tool_?call)s?\b|\b\w+_(?:records?|web|calculator|knowledge|prompt|tool)s?\s*\(
    |[\"']?(?:tool_calls?|function_call|tool_use)\b[\"']?|\{\s*[\"'](?:name|tool|function|action
    |command|answer|role|mode|citations)[\"']\s*:
    """,
    # Carrying words away.
    r"""
    !\[[^\]]{0,200}\]\([^)]{0,500}?[?&={%]|\bhttps?://\S{0,500}?(?:\{|<|\[|%7b|\$\()\s*(?:\w
    |%)
    |\b(?:send|post|upload|forward|exfiltrate|leak|transmit|submit
    |e-?mail)\b[^.]{0,60}\b(?:conversation|question|chat|history|prompt|api key|keys|secrets?
    |user'?s? \w+|answers?)\b[^.]{0,40}(?:https?:|www\.|\bto\b|@)
    |\b(?:include|insert|embed|add|append|render|load|show|put) (?:\w+ ){0,3}(?:link|image
    |picture|url|markdown|pixel|button|iframe)\b[^.]{0,40}(?:https?:|!\[|\banswer|\breply
    |\bresponse|\bhere\b|\buser)
    """,
    # Forged frames.
    r"""
    ^\W*(?:system|assistant|developer|user|human|ai|tool|function)\s*:
    |<\|\w+\|?>|\[/?(?:inst|sys|system|assistant)\]|<</?sys>>|<</?\w{6,}>>|</?(?:system
    |assistant|user|instructions?|passages?|documents?|context|tool\w*|function\w*|admin
    |prompt)>|#{2,}\s*(?:system|instructions?|assistant|response|human|user)\b|\b(?:end|start
    |begin(?:ning)?) of (?:the )?(?:passages?|documents?|context|data|prompt|instructions?
    |untrusted \w+)\b|-{3,}\s*(?:end|begin|system)\b
    """,
    # German, French and Spanish; accents are folded away before.
    r"""
    \b(?:ignorier\w*|vergiss|vergesst|missacht\w*|ubergeh\w*)\b[^.]{0,50}\b(?:anweisung\w*
    |vorgaben?|regeln|befehle?|prompts?|instruktion\w*|bisherige\w*)|\bdu bist (?:jetzt|nun
    |ab)\b|\bab (?:sofort|jetzt) (?:bist|antwort\w*|gib|sag\w*)|\bantworte (?:nur|immer|mit
    |ausschliesslich)|\bsystem-?(?:prompt|anweisung|nachricht)\w*|\b(?:losche|speichere) (?:alle
    |die|das|den|diese\w*)\b[^.]{0,40}\b(?:eintrage?|notiz\w*|aufzeichnung\w*|daten\w*|profil)
    |\bgib (?:nur|genau|das wort|den text)\b
    |\b(?:ignor(?:e|ez|er)|oubli(?:e|ez|er)|ne (?:suis|suivez) pas)\b[^.]{0,50}\b(?:consignes?
    |regles|(?:les|tes|vos|ces|des) (?:instructions|directives))|\b(?:tu es
    |vous etes) (?:desormais|maintenant)|\b(?:a partir de maintenant|desormais
    |dorenavant),? (?:tu|vous|repon\w+)|\brepond(?:s|ez) (?:uniquement|seulement|toujours|avec
    |par|exactement)|\b(?:invite|message|prompt|instructions?) (?:du )?systeme|\b(?:supprim
    |effac|enregistr)(?:e|ez) (?:tous|toutes|les|ceci|cela|ce)\b[^.]{0,40}\b(?:enregistrements
    |notes?|donnees|profil)|\becri(?:s|vez) (?:exactement|seulement|le mot)
    |\b(?:ignor(?:a|e|ad|en)|olvid(?:a|e|ad|en)|no sigas)\b[^.]{0,50}\b(?:instrucciones|reglas
    |indicaciones|ordenes|directrices)|\b(?:ahora eres|eres ahora|a partir de ahora
    |desde ahora)\b|\bresponde (?:solo|unicamente|siempre|con|exactamente)|\b(?:mensaje|prompt
    |instrucciones) (?:del|de) sistema|\b(?:borra|elimina|guarda) (?:todos|todas|los|las|esto
    |este)\b[^.]{0,40}\b(?:registros|notas|datos|perfil)|\bescribe (?:exactamente|solo
    |la palabra)
    """,
)

ORDERS = joined(_FAMILIES, _NAMED)
"""Searches a text in lower case, without accents and double spaces."""
